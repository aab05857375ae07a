// What has to be set before GTK starts, which is before main: the package that shows
// its dialogs starts it when the program is loaded.
#include <gtk/gtk.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// value returns the value of an environment variable, NULL where it is not set or empty.
static const char *value(const char *name) {
	const char *v = getenv(name);
	return v && *v ? v : NULL;
}

__attribute__((constructor)) static void before_gtk(void) {
	char bus[256];
	const char *runtime = value("XDG_RUNTIME_DIR");

	// Where the environment names a locale that is not installed, GTK would print a
	// warning, and go on in the locale "C" as it does without one.
	if (!setlocale(LC_ALL, "")) {
		gtk_disable_setlocale();
	}
	// Where there is no session bus, GTK and Fyne would start one that nobody ends, and
	// GTK would look for screen readers on it.
	if (runtime) {
		snprintf(bus, sizeof bus, "%s/bus", runtime);
	} else {
		snprintf(bus, sizeof bus, "/run/user/%u/bus", (unsigned)getuid());
	}
	if (!value("DBUS_SESSION_BUS_ADDRESS") && access(bus, F_OK) != 0) {
		setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:", 1);
		setenv("NO_AT_BRIDGE", "1", 1);
	}
	// GLFW would print an error when it looks for a Wayland display where there is none.
	if (!runtime && !value("WAYLAND_DISPLAY") && value("DISPLAY")) {
		setenv("XDG_SESSION_TYPE", "x11", 1);
	}
}
