// Warnings of what is allowed and weak.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "config/config.h"

// Adds them to the messages of a configuration that is loaded. For a person who asks: the daemon would log them at each
// reload. Error: -ENOMEM.
int config_advise(Config *config);
