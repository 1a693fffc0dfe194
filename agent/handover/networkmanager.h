// NetworkManager: given a profile in memory for each plane that it manages, by which it makes and addresses the device.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <systemd/sd-bus.h>

#include "handover/requests.h"
#include "planes/plane.h"

#define NM_BUS_NAME "org.freedesktop.NetworkManager"

int networkmanager_new_reload(const Requests *requests, sd_bus_message **ret_call);
int networkmanager_request(Requests *requests, const Plane *plane);
// Takes away the profile that a plane had.
void networkmanager_forget(Requests *requests, const Plane *plane);
// Takes away those of planes that went while NetworkManager could not be asked.
void networkmanager_prune(Requests *requests);
