// Commands of nft, run by libnftables as one transaction.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"

// A context of libnftables takes 0.2 ms to create and, from its first run on, 0.6 MB for the tables of the whole host.
// So it is not kept. But to close its socket right after a commit takes 10 to 20 ms, until the kernel has finished that
// commit. So the context is freed a while later.
typedef struct NftRunner {
        struct nft_ctx *context; // NULL: freed
        bool has_just_run;
} NftRunner;

typedef enum NftRunMode {
        NFT_RUN_COMMIT,
        NFT_RUN_CHECK, // the kernel goes through the transaction and undoes it
} NftRunMode;

// Zero-initialise the runner. The error quotes the command that the kernel or libnftables refused. libnftables 1.0.6
// can return 0 without having seen the kernel's acknowledgements.
int nft_run(NftRunner *runner, const char *text, NftRunMode mode, Error *ret_error);
// Frees the context at the second call after a run.
void nft_run_rest(NftRunner *runner);
void nft_run_deinit(NftRunner *runner);
