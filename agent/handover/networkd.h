// systemd-networkd: asked to read the files that were written for it, and to configure the links that they are about.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <systemd/sd-bus.h>

#include "handover/requests.h"
#include "planes/plane.h"

#define NETWORKD_BUS_NAME "org.freedesktop.network1"

int networkd_new_reload(const Requests *requests, sd_bus_message **ret_call);
// Has the plane's device made and addressed.
int networkd_request(Requests *requests, const Plane *plane);
