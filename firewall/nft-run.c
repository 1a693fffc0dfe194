// Commands of nft, run by libnftables.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "firewall/nft-run.h"

#include <malloc.h>
#include <nftables/libnftables.h>
#include <sys/mman.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U // Linux 6.3, which warns where it is missing
#endif

// --- errors ---

// libnftables gives errors as text only.
static int error_code(const char *message) {
        static const int codes[] = { EPERM, ENOENT, EEXIST, EBUSY, EOPNOTSUPP, EINVAL, ENOMEM, ENOBUFS, EMSGSIZE };

        for (size_t i = 0; i < ELEMENTSOF(codes); i++)
                if (strstr(message, strerror(codes[i])))
                        return -codes[i];
        return -EIO;
}

// The first error is a line like "/proc/self/fd/5:12:1-30: Error: Could not process rule: No such file or directory",
// and the command in the line after it.
static int run_error(const char *text, Error *ret_error) {
        _cleanup_free_ char *message = strndup(text, strcspn(text, "\n")), *command = NULL;
        const char *rest = text + strcspn(text, "\n"), *hint = "";

        if (*rest == '\n')
                rest++;
        command = strndup(rest, strcspn(rest, "\n"));
        if (!message || !command)
                return error_set(ret_error, -ENOMEM, "out of memory");
        const char *reason = strstr(message, "Error: ");
        int code = error_code(message);
        // The first command that a kernel before 5.16 refuses.
        if (code == -EOPNOTSUPP && strstr(command, " hook egress "))
                hint = "; egress chains need Linux 5.16";
        reason = reason ? reason + strlen("Error: ") : message;
        return error_set(ret_error, code, "nftables: %s: \"%s\"%s", reason, command, hint);
}

// --- runs ---

// A negative errno where the kernel has no such files, or no memory.
static int file_of(const char *text) {
        int fd = memfd_create("nftables", MFD_CLOEXEC | MFD_NOEXEC_SEAL);

        if (fd < 0 && errno == EINVAL)
                fd = memfd_create("nftables", MFD_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (write(fd, text, strlen(text)) == (ssize_t)strlen(text))
                return fd;
        (void)close(fd);
        return -ENOMEM;
}

// For a file, libnftables quotes the command that failed. For a text in memory it quotes the first command, whichever
// failed.
static int run_from_file(struct nft_ctx *context, const char *text) {
        _cleanup_close_ int fd = file_of(text);
        char path[32];

        if (fd < 0)
                return nft_run_cmd_from_buffer(context, text);
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        return nft_run_cmd_from_filename(context, path);
}

int nft_run(NftRunner *runner, const char *text, NftRunMode mode, Error *ret_error) {
        if (!runner->context)
                runner->context = nft_ctx_new(NFT_CTX_DEFAULT);
        if (!runner->context || nft_ctx_buffer_output(runner->context) != 0 ||
            nft_ctx_buffer_error(runner->context) != 0)
                return error_set(ret_error, -ENOMEM, "cannot start libnftables");
        runner->has_just_run = true;
        nft_ctx_set_dry_run(runner->context, mode == NFT_RUN_CHECK);
        if (run_from_file(runner->context, text) == 0)
                return 0;
        return run_error(nft_ctx_get_error_buffer(runner->context), ret_error);
}

void nft_run_rest(NftRunner *runner) {
        if (!runner->has_just_run)
                nft_run_deinit(runner);
        runner->has_just_run = false;
}

void nft_run_deinit(NftRunner *runner) {
        if (!runner->context)
                return;
        nft_ctx_free(runner->context);
        runner->context = NULL;
        (void)malloc_trim(0); // gives back 33 MB after 10,000 peers
}
