// Kernel objects, desired or observed: one type on both sides.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// An Object is {kind, key, attributes}. Objects are created in the order of the kinds and deleted in reverse. The order
// keeps the promise that no plane is up without isolation and caps: a link goes up after its rules and caps are in
// place, and a device that is up already gets its address after them.
#pragma once

#include <linux/filter.h>
#include <net/if.h>
#include <stdio.h>

#include "base/inet.h"
#include "base/util.h"

typedef enum ObjectKind {
        OBJECT_LINK,    // created, and still down
        OBJECT_SYSCTL,  // per interface
        OBJECT_RULESET, // one nftables chain
        OBJECT_QDISC,
        OBJECT_CLASS,
        OBJECT_LEAF,   // the qdisc of a class
        OBJECT_IFB_UP, // before filters redirect to the ifb
        OBJECT_FILTER,
        OBJECT_ADDRESS,
        OBJECT_LINK_UP,   // present if the link is up
        OBJECT_NEIGHBOUR, // permanent entry
        OBJECT_ROUTE,
        OBJECT_KIND_MAX,
} ObjectKind;

typedef enum LinkType {
        LINK_DEVICE, // not made by the daemon
        LINK_VLAN,
        LINK_MACVLAN,
        LINK_IFB,
} LinkType;

// The part a link plays. Links go up in this order and down in reverse.
typedef enum LinkRole {
        LINK_ROLE_PARENT,
        LINK_ROLE_PLANE,
} LinkRole;

typedef struct LinkObject {
        LinkType type;
        char parent[IFNAMSIZ];           // vlan, macvlan
        uint16_t vlan_id, vlan_protocol; // ETH_P_8021Q or ETH_P_8021AD
        uint32_t mtu;                    // bytes; 0 in a desired object: any
        bool has_mac;                    // false in a desired object: any
        MacAddress mac;
        char alias[80]; // "" in a desired object: any
        bool is_loose;  // vlan: does not go up and down with its parent; false in a desired object: any
        bool no_arp;    // observed: ARP is off
        bool wants_arp; // desired: ARP has to be on
        char mode[10];  // observed, of a macvlan: another than "private", which ours have
        bool enslaved;  // a port of a bridge, bond or VRF, which a link of ours must not be
} LinkObject;

typedef struct SysctlObject {
        char item[80]; // below net/: "ipv4/conf/mig0/arp_ignore"; with the link's name spelled as in /proc/sys
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
        uint64_t hash; // of the chain's text; 0 in an observed object: not as loaded
        unsigned n_rules;
        char *text; // desired only: the hook line and the rules, one per line; owned
} RulesetObject;

typedef struct AddressObject {
        Prefix prefix;
        Address peer; // key, as prefix: of a point-to-point address outside of prefix; AF_UNSPEC: none
        bool ours;    // observed: has our IFA_PROTO; only such an address is deleted from a device that we did not make
} AddressObject;

typedef enum QdiscType {
        QDISC_HTB,
        QDISC_CLSACT,
        QDISC_FQ_CODEL,
        QDISC_PFIFO,
        QDISC_FOREIGN, // observed in place of ours
} QdiscType;

typedef struct QdiscObject {
        uint32_t parent; // key: TC_H_ROOT, TC_H_CLSACT or a class
        uint32_t handle;
        QdiscType type;
        char foreign[16];       // its name, for QDISC_FOREIGN
        uint32_t default_class; // htb: minor number
        uint32_t limit;         // packets; htb: of the direct queue, 0: packets without a class are dropped
} QdiscObject;

typedef struct ClassObject {
        uint32_t classid; // key
        uint32_t parent;
        uint64_t rate, ceil;    // bytes per second
        uint32_t burst, cburst; // ticks of 64 ns, the kernel's unit, so that they read back exactly
        uint32_t quantum;       // bytes
        uint32_t priority;
} ClassObject;

// A program of classic BPF. At the ingress, the packets of migrations that it takes are redirected through the ifb, and
// all others take the ordinary way, through the netdev ingress chain. At the egress, where the kernel has no netdev
// egress chain, the packets that one of the programs takes are sent, and the last program drops the rest.
typedef struct FilterObject {
        bool at_egress;    // key
        uint16_t protocol; // key: ETH_P_IP or ETH_P_IPV6; at the egress also ETH_P_ARP, and ETH_P_ALL: the rest
        uint16_t part;     // key: a plane with many peers has several filters
        struct sock_filter *program; // of a desired object; an object owns it
        size_t n_instructions;
        uint64_t hash;         // of the program; 0 in an observed object: not as created
        char target[IFNAMSIZ]; // the ifb; "" in an observed object: not as created; at the egress always ""
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
        bool is_connected; // desired: the route that the kernel adds with an address, and that somebody has deleted
        bool is_odd;       // observed: has attributes that ours never have, such as a path MTU
} RouteObject;

typedef struct Object {
        ObjectKind kind;
        char link[IFNAMSIZ]; // part of every key; "" for a chain of all planes
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

// Orders two objects by kind and key; attributes do not count.
int object_compare(const Object *a, const Object *b);
// Whether an observed object has the desired attributes. An attribute desired as "any" always matches.
bool object_satisfies(const Object *observed, const Object *desired);
// Whether the difference cannot be changed in place: the object has to be deleted and created again.
bool object_is_fixed(const Object *observed, const Object *desired);
// Whether the object is a part of a cap.
bool object_is_cap(const Object *object);
// Whether the object is a filter that stands for a chain at the egress.
bool object_is_egress_guard(const Object *object);
// Whether it is a part of the isolation: a chain, or such a filter.
bool object_is_rule(const Object *object);
// One line without the line feed: "class mig0 6d70:1 rate 8G ceil 8G burst 1000KB".
void object_print(const Object *object, FILE *file);
// Frees what the object owns.
void object_deinit(Object *object);
enum { ADDRESS_OBJECT_TEXT_MAX = ADDRESS_TEXT_MAX + PREFIX_TEXT_MAX + 8 };
// As "ip address" takes it: "10.0.0.1/24", "10.0.0.1 peer 10.0.0.2/32".
const char *address_object_format(const AddressObject *object, char ret[static ADDRESS_OBJECT_TEXT_MAX]);
const char *object_kind_to_string(ObjectKind kind);
const char *ruleset_family_to_string(RulesetFamily family);

// The kernel's metric of a route that is added without one.
uint32_t route_metric(int family);
// The metric of a route to a single peer: the best that there is.
uint32_t route_metric_peer(int family);

// From bytes at a rate to ticks of 64 ns (PSCHED_SHIFT 6 in include/net/pkt_sched.h), rounded up, and back.
uint32_t ticks_from_bytes(uint64_t bytes, uint64_t bytes_per_second);
uint64_t bytes_from_ticks(uint32_t ticks, uint64_t bytes_per_second);
