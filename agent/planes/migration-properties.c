// What a migration shows, as one table.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/migration-properties.h"

#include "base/inet.h"
#include "base/util.h"
#include "planes/migration.h"

static const char *get_direction(const MigrationFigures *figures, char *ret _unused_) {
        return figures->is_outgoing ? "outgoing" : "incoming";
}

static const char *get_peer(const MigrationFigures *figures, char *ret) {
        return address_format(&figures->peer, ret);
}

static const char *get_guest(const MigrationFigures *figures, char *ret _unused_) {
        return figures->guest;
}

static uint64_t get_port(const MigrationFigures *figures) {
        return figures->port;
}

static uint64_t get_connections(const MigrationFigures *figures) {
        return figures->n_connections;
}

static uint64_t get_began(const MigrationFigures *figures) {
        return figures->began_usec;
}

static uint64_t get_ended(const MigrationFigures *figures) {
        return figures->ended_usec;
}

static uint64_t get_duration(const MigrationFigures *figures) {
        return figures->duration_usec;
}

static uint64_t get_bytes(const MigrationFigures *figures) {
        return figures->bytes;
}

static uint64_t get_retransmits(const MigrationFigures *figures) {
        return figures->retransmits;
}

static uint64_t get_rate(const MigrationFigures *figures) {
        return figures->rate;
}

static uint64_t get_average(const MigrationFigures *figures) {
        return figures->average;
}

static uint64_t get_peak(const MigrationFigures *figures) {
        return figures->peak;
}

static const char *get_limit(const MigrationFigures *figures, char *ret _unused_) {
        return limit_to_string(figures->limit);
}

static const char *get_limit_text(const MigrationFigures *figures, char *ret _unused_) {
        return figures->limit_text;
}

#define TEXT(name, get) \
        { name, "s", false, true, true, get, NULL }
#define NUMBER(name, signature, get) \
        { name, signature, false, true, true, NULL, get }
#define COUNTER(name, get) \
        { name, "t", true, true, true, NULL, get }

static const MigrationProperty properties[] = {
        TEXT("Direction", get_direction),
        TEXT("Peer", get_peer),
        NUMBER("Port", "q", get_port),
        TEXT("Guest", get_guest),
        NUMBER("BeganUSec", "t", get_began),
        { "EndedUSec", "t", false, true, false, NULL, get_ended },
        NUMBER("Connections", "u", get_connections),
        COUNTER("DurationUSec", get_duration),
        COUNTER("PayloadBytes", get_bytes),
        { "RateBitsPerSecond", "t", true, false, true, NULL, get_rate },
        COUNTER("AverageBitsPerSecond", get_average),
        COUNTER("PeakBitsPerSecond", get_peak),
        COUNTER("RetransmittedSegments", get_retransmits),
        { "Limit", "s", true, true, true, get_limit, NULL },
        { "LimitText", "s", true, true, true, get_limit_text, NULL },
};

const MigrationProperty *migration_properties_all(size_t *ret_n) {
        *ret_n = ELEMENTSOF(properties);
        return properties;
}

const MigrationProperty *migration_properties_find(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(properties); i++)
                if (streq(properties[i].name, name))
                        return &properties[i];
        return NULL;
}
