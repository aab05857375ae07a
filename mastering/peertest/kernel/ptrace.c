// A ptrace for user-mode Linux before 6.13 to be preloaded. It saves and restores
// the extended registers of its processes in a buffer that is too short on
// processors with AMX, and the machine's kernel refuses a short one (EFAULT,
// EINVAL). So what is there now is read whole, the part that it gives is copied
// over it, and the whole is set.
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static long set_registers(pid_t pid, void *kind, const struct iovec *given)
{
	static char whole[1 << 16] __attribute__((aligned(64)));
	struct iovec v = {whole, sizeof whole};

	if (syscall(SYS_ptrace, PTRACE_GETREGSET, pid, kind, &v) < 0)
		return -1;
	memcpy(whole, given->iov_base, given->iov_len < v.iov_len ? given->iov_len : v.iov_len);
	return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, kind, &v);
}

long ptrace(enum __ptrace_request request, ...)
{
	va_list list;
	va_start(list, request);
	pid_t pid = va_arg(list, pid_t);
	void *address = va_arg(list, void *), *data = va_arg(list, void *);
	va_end(list);

	switch (request) {
	case PTRACE_SETREGSET:
		if ((long)address == NT_X86_XSTATE)
			return set_registers(pid, address, data);
		break;
	case PTRACE_PEEKTEXT:
	case PTRACE_PEEKDATA:
	case PTRACE_PEEKUSER: { // the C library returns the word, the system call stores it
		long word;
		if (syscall(SYS_ptrace, request, pid, address, &word) < 0)
			return -1;
		errno = 0;
		return word;
	}
	default:
		break;
	}
	return syscall(SYS_ptrace, request, pid, address, data);
}
