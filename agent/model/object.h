// Kernel objects, desired or observed: one type on both sides.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// An Object is {kind, key, attributes}. The kinds are in the order in which they are made; they are deleted in reverse.
// That order carries the promise: a link goes up after its rules and caps stand, and one that is up already, as a device
// is, gets its address only then.
#pragma once

#include <net/if.h>
#include <stdio.h>

#include "base/inet.h"
#include "base/util.h"

typedef enum ObjectKind {
        OBJECT_LINK,      // made, and still down
        OBJECT_SYSCTL,    // per interface
        OBJECT_RULESET,   // one nftables chain
        OBJECT_QDISC,
        OBJECT_CLASS,
        OBJECT_LEAF,      // the qdisc below a class, which must be there first
        OBJECT_IFB_UP,    // an ifb is up before anything is redirected to it, and goes down after
        OBJECT_FILTER,
        OBJECT_ADDRESS,
        OBJECT_LINK_UP,   // its presence means: the link is up
        OBJECT_NEIGHBOUR, // permanent entry
        OBJECT_ROUTE,
        OBJECT_KIND_MAX,
} ObjectKind;

typedef enum LinkType {
        LINK_DEVICE, // somebody else made it
        LINK_VLAN,
        LINK_MACVLAN,
        LINK_IFB,
} LinkType;

// Which part a link plays; links go up in this order and down in reverse.
typedef enum LinkRole {
        LINK_ROLE_PARENT,
        LINK_ROLE_PLANE,
} LinkRole;

typedef struct LinkObject {
        LinkType type;
        char parent[IFNAMSIZ]; // vlan, macvlan
        uint16_t vlan_id, vlan_protocol; // ETH_P_8021Q or ETH_P_8021AD
        uint32_t mtu;          // bytes; 0 in a desired object: whatever it has
        bool has_mac;          // false in a desired object: whatever it has
        MacAddress mac;
        char alias[80];        // "" in a desired object: not ours to tag
        bool enslaved;         // to a bridge, bond or VRF; one of ours never is
} LinkObject;

typedef struct SysctlObject {
        char item[48]; // below net/: "ipv4/conf/mig0/arp_ignore"; with the link's name spelled as in /proc/sys
        int64_t value;
} SysctlObject;

typedef enum RulesetFamily {
        RULESET_NETDEV,
        RULESET_INET,
        RULESET_ARP,
        RULESET_BRIDGE,
        RULESET_FAMILY_MAX,
} RulesetFamily;

typedef struct RulesetObject {
        RulesetFamily family;
        char chain[64];
        uint64_t hash;    // of the chain's text; 0 in an observed object: not as we loaded it
        unsigned n_rules;
        char *text;       // desired only: hook line and rules, one a line, as firewall/ruleset.c renders them; owned
} RulesetObject;

typedef struct AddressObject {
        Prefix prefix;
        bool ours; // bears our IFA_PROTO; desired ones shall
} AddressObject;

typedef enum QdiscType {
        QDISC_HTB,
        QDISC_CLSACT,
        QDISC_FQ_CODEL,
        QDISC_PFIFO,
        QDISC_FOREIGN, // observed where ours should be
} QdiscType;

typedef struct QdiscObject {
        uint32_t parent; // key: TC_H_ROOT, TC_H_CLSACT or a class
        uint32_t handle;
        QdiscType type;
        char foreign[16];       // its name, for QDISC_FOREIGN
        uint32_t default_class; // htb: minor number
        uint32_t limit;         // packets; htb: of the direct queue, 0: what has no class is dropped
} QdiscObject;

typedef struct ClassObject {
        uint32_t classid; // key
        uint32_t parent;
        uint64_t rate, ceil;    // bytes per second
        uint32_t burst, cburst; // ticks of 64 ns, the kernel's own unit: reads back exactly
        uint32_t quantum;       // bytes
        uint32_t priority;
} ClassObject;

// What an ingress packet must look like to be taken through the ifb: a TCP segment to our MAC and our address that is no
// fragment. All else goes the ordinary way, through the netdev ingress chain.
typedef struct FilterObject {
        uint16_t priority; // key, with the protocol
        uint16_t protocol; // ETH_P_IP or ETH_P_IPV6
        MacAddress mac;
        Address address;
        char target[IFNAMSIZ]; // the ifb; "" in an observed object: not as we made it
} FilterObject;

typedef struct LinkUpObject {
        LinkRole role; // key, before the name
} LinkUpObject;

typedef struct NeighbourObject {
        Address address; // key
        MacAddress mac;
} NeighbourObject;

typedef struct RouteObject {
        Prefix destination; // key
        Address gateway;    // AF_UNSPEC: on link
        Address source;     // preferred source; AF_UNSPEC: none
        uint32_t metric;
        bool is_odd;        // observed: there is more to it than we ever give, such as a path MTU
} RouteObject;

typedef struct Object {
        ObjectKind kind;
        char link[IFNAMSIZ]; // part of every key; "" for a chain that serves all planes
        union {
                LinkObject as_link;
                SysctlObject as_sysctl;
                RulesetObject as_ruleset;
                AddressObject as_address;
                QdiscObject as_qdisc; // OBJECT_QDISC and OBJECT_LEAF
                ClassObject as_class;
                FilterObject as_filter;
                LinkUpObject as_link_up;
                NeighbourObject as_neighbour;
                RouteObject as_route;
        };
} Object;

// Order of two objects by kind and key alone.
int object_compare(const Object *a, const Object *b);
// Whether an observed object has the attributes that are desired; what is desired as "whatever it has" always matches.
bool object_satisfies(const Object *observed, const Object *desired);
// Whether what differs cannot be changed in place, so that the object has to be deleted and made again.
bool object_is_fixed(const Object *observed, const Object *desired);
// One line without the line feed: "class mig0 6d70:1 rate 8G ceil 8G burst 1000KB".
void object_print(const Object *object, FILE *file);
// Frees what the object owns.
void object_deinit(Object *object);
const char *object_kind_to_string(ObjectKind kind);
const char *ruleset_family_to_string(RulesetFamily family);

// The metric of a route for which none is asked.
uint32_t route_metric(int family);

// Ticks of 64 ns (PSCHED_SHIFT 6 in include/net/pkt_sched.h) that bytes take at a rate, rounded up, and back.
uint32_t ticks_from_bytes(uint64_t bytes, uint64_t bytes_per_second);
uint64_t bytes_from_ticks(uint32_t ticks, uint64_t bytes_per_second);
