// A FILE that collects its text in memory and fails at fclose if memory ran out.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/text-file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

typedef struct TextFile {
        char *text;
        size_t size, allocated;
        bool incomplete;
        char **ret_text;
        size_t *ret_size;
} TextFile;

static ssize_t text_file_write(void *cookie, const char *data, size_t size) {
        TextFile *file = cookie;

        if (array_reserve(&file->text, &file->allocated, file->size + size + 1) < 0) {
                file->incomplete = true;
                return 0; // stdio takes this for an error
        }
        memcpy(file->text + file->size, data, size);
        file->size += size;
        return (ssize_t)size;
}

static int text_file_close(void *cookie) {
        TextFile *file = cookie;
        bool complete = !file->incomplete && array_reserve(&file->text, &file->allocated, file->size + 1) >= 0;

        if (complete) {
                file->text[file->size] = '\0';
                *file->ret_text = TAKE(file->text);
                *file->ret_size = file->size;
        }
        free(file->text);
        free(file);
        return complete ? 0 : -1;
}

FILE *text_file_open(char **ret_text, size_t *ret_size) {
        const cookie_io_functions_t functions = { .write = text_file_write, .close = text_file_close };
        TextFile *text = calloc(1, sizeof(*text));
        if (!text)
                return NULL;

        *text = (TextFile){ .ret_text = ret_text, .ret_size = ret_size };
        FILE *file = fopencookie(text, "w", functions);
        if (!file)
                free(text);
        return file;
}
