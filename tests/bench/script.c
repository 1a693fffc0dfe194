// migplane's requests to the kernel, recorded on their way, and sent again without anything else.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The linker puts the two functions below in the place of send and nft_run (--wrap, see meson.build), so that the bare
// work consists of exactly the requests that migplane sends.

#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <nftables/libnftables.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

#include "engine/apply.h"
#include "firewall/nft-run.h"

static Script *recording;

// Shared with children, and kept to the end.
Script *script_new(void) {
        void *script = mmap(NULL, sizeof(Script), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        return script == MAP_FAILED ? NULL : script;
}

static void script_add(ObjectKind kind, const void *data, size_t size) {
        if (recording->n_steps == ELEMENTSOF(recording->steps) || recording->size + size + 8 > sizeof(recording->data))
                abort(); // larger planes need a larger Script
        recording->steps[recording->n_steps++] = (Step){ kind, recording->size, (uint32_t)size };
        memcpy(recording->data + recording->size, data, size);
        recording->size += (uint32_t)(size + 7) & ~7U;
}

ssize_t __real_send(int fd, const void *data, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t size, int flags) {
        const struct nlmsghdr *header = data;
        bool is_get = ((header->nlmsg_type - RTM_BASE) & 3) == 2;

        if (recording && !is_get)
                script_add(OBJECT_LINK, data, size); // the kind is filled in by script_apply
        return __real_send(fd, data, size, flags);
}

int __real_nft_run(NftRunner *runner, const char *text, NftRunMode mode, Error *ret_error);
int __wrap_nft_run(NftRunner *runner, const char *text, NftRunMode mode, Error *ret_error);
int __wrap_nft_run(NftRunner *runner, const char *text, NftRunMode mode, Error *ret_error) {
        if (recording && mode == NFT_RUN_COMMIT)
                script_add(OBJECT_RULESET, text, strlen(text) + 1);
        return __real_nft_run(runner, text, mode, ret_error);
}

static void sysctl_record(const SysctlObject *sysctl) {
        char text[128];
        int path = snprintf(text, sizeof(text), "/proc/sys/net/%s", sysctl->item) + 1;
        int value = snprintf(text + path, sizeof(text) - (size_t)path, "%lld\n", (long long)sysctl->value);

        if (access(text, W_OK) == 0)
                script_add(OBJECT_SYSCTL, text, (size_t)(path + value));
}

int script_apply(Kernel *kernel, const Plan *plan, Script *script, double times[static OBJECT_KIND_MAX]) {
        for (size_t i = 0, n; i < plan->n_operations; i += n) {
                Plan part = { .operations = plan->operations + i };
                _cleanup_apply_failures_ ApplyFailures failures = {};
                const Object *first = part.operations[0].desired ?: part.operations[0].observed;
                ObjectKind kind = first->kind;

                for (n = 0; i + n < plan->n_operations; n++)
                        if ((part.operations[n].desired ?: part.operations[n].observed)->kind != kind)
                                break;
                part.n_operations = n;

                size_t before = script ? script->n_steps : 0;
                recording = script;
                for (size_t j = 0; script && kind == OBJECT_SYSCTL && j < n; j++)
                        sysctl_record(&part.operations[j].desired->as_sysctl);
                double at = now_usec();
                int r = apply(kernel, &part, &failures);
                times[kind] += now_usec() - at;
                recording = NULL;
                for (size_t j = before; script && j < script->n_steps; j++)
                        script->steps[j].kind = kind;
                if (r < 0 || failures.n_failures > 0) {
                        (void)fprintf(stderr, "%s\n",
                                      failures.n_failures ? failures.failures[0].error.text : strerror(-r));
                        return -EIO;
                }
        }
        return 0;
}

const char *script_ruleset(const Script *script) {
        for (size_t i = 0; i < script->n_steps; i++)
                if (script->steps[i].kind == OBJECT_RULESET)
                        return script->data + script->steps[i].offset;
        return NULL;
}

static int request_run(int fd, const void *request, size_t size) {
        char answer[4096] __attribute__((aligned(8)));

        if (__real_send(fd, request, size, 0) < 0)
                return -errno;
        ssize_t n = recv(fd, answer, sizeof(answer), 0);
        if (n < 0)
                return -errno;
        const struct nlmsghdr *header = (const struct nlmsghdr *)answer;
        return header->nlmsg_type == NLMSG_ERROR ? *(const int *)NLMSG_DATA(header) : -EBADMSG;
}

static int sysctl_run(const char *path, size_t size) {
        size_t value = strlen(path) + 1;
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

        return fd < 0 || write(fd, path + value, size - value) < 0 ? -errno : 0;
}

static int ruleset_run(const char *text) {
        struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);

        if (!nft)
                return -ENOMEM;
        (void)nft_ctx_buffer_error(nft);
        int r = nft_run_cmd_from_buffer(nft, text) == 0 ? 0 : -EIO;
        nft_ctx_free(nft);
        return r;
}

int script_run(const Script *script, double times[static OBJECT_KIND_MAX]) {
        _cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        int r = fd < 0 ? -errno : 0;

        for (size_t i = 0; i < script->n_steps && r >= 0; i++) {
                const Step *step = &script->steps[i];
                const char *data = script->data + step->offset;
                double at = now_usec();

                if (step->kind == OBJECT_SYSCTL)
                        r = sysctl_run(data, step->size);
                else if (step->kind == OBJECT_RULESET)
                        r = ruleset_run(data);
                else
                        r = request_run(fd, data, step->size);
                times[step->kind] += now_usec() - at;
                if (r < 0)
                        (void)fprintf(stderr, "request %zu, %s: %s\n", i, object_kind_to_string(step->kind),
                                      strerror(-r));
        }
        return r;
}
