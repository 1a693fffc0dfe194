// Whether a link is the device that a plane's file describes.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "engine/link-match.h"

#include "base/util.h"
#include "config/plane-config.h"
#include "kernel/link.h"
#include "model/object.h"

LinkType link_match_type(PlaneKind kind) {
        switch (kind) {
        case PLANE_KIND_DEVICE:
                return LINK_DEVICE;
        case PLANE_KIND_VLAN:
                return LINK_VLAN;
        case PLANE_KIND_MACVLAN:
                return LINK_MACVLAN;
        }
        return LINK_DEVICE;
}

bool link_match_tag(const Link *link, const PlaneConfig *plane) {
        return link->type == link_match_type(plane->kind) &&
               (plane->kind != PLANE_KIND_VLAN ||
                (link->vlan_id == plane->vlan_id && link->vlan_protocol == plane->vlan_protocol));
}

bool link_match_all(const Link *link, const PlaneConfig *plane) {
        return link_match_tag(link, plane) && streq(link->parent, plane->parent);
}
