// Values of the bus, as JSON.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/util.h"
#include "client/client.h"

static int message_read_basic(sd_bus_message *message, char type, json_t **ret) {
        union {
                const char *string;
                uint8_t byte;
                int boolean;
                int16_t int16;
                uint16_t uint16;
                int32_t int32;
                uint32_t uint32;
                int64_t int64;
                uint64_t uint64;
                double real;
        } value = {};

        int r = sd_bus_message_read_basic(message, type, &value);
        if (r < 0)
                return r;

        json_t *json = NULL;
        switch (type) {
        case SD_BUS_TYPE_STRING:
        case SD_BUS_TYPE_OBJECT_PATH:
        case SD_BUS_TYPE_SIGNATURE:
                json = json_string(value.string);
                break;
        case SD_BUS_TYPE_BOOLEAN:
                json = json_boolean(value.boolean);
                break;
        case SD_BUS_TYPE_BYTE:
                json = json_integer(value.byte);
                break;
        case SD_BUS_TYPE_INT16:
                json = json_integer(value.int16);
                break;
        case SD_BUS_TYPE_UINT16:
                json = json_integer(value.uint16);
                break;
        case SD_BUS_TYPE_INT32:
                json = json_integer(value.int32);
                break;
        case SD_BUS_TYPE_UINT32:
                json = json_integer(value.uint32);
                break;
        case SD_BUS_TYPE_INT64:
                json = json_integer(value.int64);
                break;
        case SD_BUS_TYPE_UINT64:
                json = json_integer(value.uint64 > INT64_MAX ? INT64_MAX : (json_int_t)value.uint64);
                break;
        case SD_BUS_TYPE_DOUBLE:
                json = json_real(value.real);
                break;
        }
        if (!json)
                return -ENOMEM;
        *ret = json;
        return 0;
}

static int message_read_item(sd_bus_message *message, json_t *array) {
        json_t *value;

        int r = client_read_json(message, &value);
        if (r < 0)
                return r;
        return json_array_append_new(array, value) < 0 ? -ENOMEM : 0;
}

static int message_read_entry(sd_bus_message *message, json_t *object) {
        _cleanup_json_ json_t *key = NULL;
        json_t *value;

        int r = sd_bus_message_enter_container(message, SD_BUS_TYPE_DICT_ENTRY, NULL);
        if (r < 0)
                return r;
        r = client_read_json(message, &key);
        if (r < 0)
                return r;
        if (!json_is_string(key))
                return -EBADMSG;
        r = client_read_json(message, &value);
        if (r < 0)
                return r;
        if (json_object_set_new(object, json_string_value(key), value) < 0)
                return -ENOMEM;
        return sd_bus_message_exit_container(message);
}

static int message_read_items(sd_bus_message *message, bool is_dictionary, json_t *json) {
        for (;;) {
                int r = sd_bus_message_at_end(message, false);
                if (r != 0)
                        return r < 0 ? r : 0;
                r = is_dictionary ? message_read_entry(message, json) : message_read_item(message, json);
                if (r < 0)
                        return r;
        }
}

static int message_read_container(sd_bus_message *message, char type, const char *contents, json_t **ret) {
        bool is_dictionary = type == SD_BUS_TYPE_ARRAY && contents[0] == SD_BUS_TYPE_DICT_ENTRY_BEGIN;
        _cleanup_json_ json_t *json = is_dictionary ? json_object() : json_array();

        if (!json)
                return -ENOMEM;
        int r = sd_bus_message_enter_container(message, type, contents);
        if (r < 0)
                return r;
        r = message_read_items(message, is_dictionary, json);
        if (r < 0)
                return r;
        r = sd_bus_message_exit_container(message);
        if (r < 0)
                return r;
        *ret = TAKE(json);
        return 0;
}

static int message_read_variant(sd_bus_message *message, const char *contents, json_t **ret) {
        _cleanup_json_ json_t *json = NULL;

        int r = sd_bus_message_enter_container(message, SD_BUS_TYPE_VARIANT, contents);
        if (r < 0)
                return r;
        r = client_read_json(message, &json);
        if (r < 0)
                return r;
        r = sd_bus_message_exit_container(message);
        if (r < 0)
                return r;
        *ret = TAKE(json);
        return 0;
}

int client_read_json(sd_bus_message *message, json_t **ret) {
        const char *contents;
        char type;

        int r = sd_bus_message_peek_type(message, &type, &contents);
        if (r < 0)
                return r;
        if (r == 0)
                return -EBADMSG;

        switch (type) {
        case SD_BUS_TYPE_ARRAY:
        case SD_BUS_TYPE_STRUCT:
                return message_read_container(message, type, contents, ret);
        case SD_BUS_TYPE_VARIANT:
                return message_read_variant(message, contents, ret);
        default:
                return message_read_basic(message, type, ret);
        }
}
