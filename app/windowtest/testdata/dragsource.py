"""A window of another program whose content can be dragged: the files that its
arguments name, after the title of the window."""
import pathlib
import sys

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, Gtk

uris = [pathlib.Path(a).as_uri() for a in sys.argv[2:]]
window = Gtk.Window(title=sys.argv[1])
window.set_default_size(120, 60)
box = Gtk.EventBox()
box.add(Gtk.Label(label="drag me"))
window.add(box)
box.drag_source_set(Gdk.ModifierType.BUTTON1_MASK, [], Gdk.DragAction.COPY)
box.drag_source_add_uri_targets()
box.connect("drag-data-get", lambda w, c, data, info, t: data.set_uris(uris))
window.connect("destroy", Gtk.main_quit)
window.show_all()
Gtk.main()
