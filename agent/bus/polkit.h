// Asks polkit whether a caller may change something. Without an answer the caller may not.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <systemd/sd-bus.h>

#include "base/util.h"
#include "bus/callers.h"

typedef struct PolkitQuestion PolkitQuestion;

// The calls that wait for an answer.
typedef struct Polkit {
        PolkitQuestion *questions;
} Polkit;

// Carries out an authorised call, and answers it. Objects may be gone by then: it looks them up again.
typedef int (*PolkitContinue)(sd_bus_message *call, void *userdata, sd_bus_error *ret_error);

// Calls proceed for root and the daemon's own user, else when polkit says yes; the caller is answered AccessDenied when
// it says no, does not answer within two minutes, or is not there, and LimitsExceeded when too many wait already.
// action is a literal. plane ("" for none) goes to polkit as the detail
// "plane", so that a rule can tell planes apart. To be returned from the method's handler. The call is kept meanwhile,
// so large ones are to be refused before.
int polkit_authorize(Polkit *polkit, Callers *callers, sd_bus_message *call, const char *action, const char *plane,
                     PolkitContinue proceed, void *userdata, sd_bus_error *ret_error);
// Drops all questions: the connection is closed, and no answer will come.
void polkit_forget(Polkit *polkit);
