// Configuration files: layering, masks and drop-ins; several planes; the drop-in of SetBandwidth.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <sys/stat.h>
#include <unistd.h>

#include "config-messages.h"

// A directory of its own for each test, with the configuration's directories in it.
static int tree_setup(void **state) {
        static char root[] = "/tmp/test-config.XXXXXX";

        memset(root + strlen(root) - 6, 'X', 6);
        assert_non_null(mkdtemp(root));
        assert_int_equal(chdir(root), 0);
        assert_int_equal(mkdir("etc", 0755), 0);
        assert_int_equal(mkdir("run", 0755), 0);
        assert_int_equal(mkdir("usr", 0755), 0);
        *state = root;
        return 0;
}

static int tree_teardown(void **state) {
        char command[64];

        (void)snprintf(command, sizeof(command), "cd / && rm -r '%s'", (char *)*state);
        return system(command);
}

// Writes a file, and makes its directory if it is missing.
static void put(const char *path, const char *text) {
        char folder[64];

        (void)snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path), path);
        (void)mkdir(folder, 0755);
        _cleanup_fclose_ FILE *file = fopen(path, "we");
        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
}

static void put_link(const char *path, const char *target) {
        put(path, "");
        assert_int_equal(unlink(path), 0);
        assert_int_equal(symlink(target, path), 0);
}

static Config *load_tree(void) {
        static const char *const directories[] = { "etc", "absent", "run", "usr", NULL };
        Config *config = NULL;
        Error error = { 0 };

        assert_int_equal(config_load(directories, true, &config, &error), 0);
        return config;
}

static const char *description_of(const Config *config, const char *name) {
        const PlaneConfig *plane = config_find(config, name);

        assert_non_null(plane);
        return plane->description;
}

static void test_no_files_are_no_planes(void **state _unused_) {
        _cleanup_config_ Config *config = load_tree();

        assert_int_equal(config->n_planes, 0);
        assert_int_equal(config->n_messages, 0);
        assert_null(config_find(config, "blue"));
}

static void test_the_first_directory_wins(void **state _unused_) {
        put("usr/blue.plane", PLANE "[Plane]\nDescription=usr\n");
        _cleanup_config_ Config *usr = load_tree();
        assert_string_equal(description_of(usr, "blue"), "usr");

        put("run/blue.plane", PLANE "[Plane]\nDescription=run\n");
        _cleanup_config_ Config *run = load_tree();
        assert_string_equal(description_of(run, "blue"), "run");

        put("etc/blue.plane", PLANE "[Plane]\nDescription=etc\n");
        _cleanup_config_ Config *etc = load_tree();
        assert_string_equal(description_of(etc, "blue"), "etc");
        assert_int_equal(etc->n_planes, 1);
        assert_int_equal(etc->n_messages, 0);
}

static void test_files_are_masked(void **state _unused_) {
        put("usr/blue.plane", PLANE);
        put("usr/red.plane", PLANE);
        put_link("etc/blue.plane", "/dev/null");
        put_link("run/red.plane", "/dev/null");
        put("etc/blue.plane.d/a.conf", "[Plane]\nDescription=x\n");
        _cleanup_config_ Config *config = load_tree();

        assert_int_equal(config->n_planes, 0);
        assert_int_equal(config->n_broken, 0);
        assert_int_equal(config->n_messages, 0);
}

// A full disk leaves an empty file; that takes no plane away without a word.
static void test_an_empty_file_is_an_error(void **state _unused_) {
        put("usr/blue.plane", PLANE);
        put("etc/blue.plane", "");
        put("etc/blue.plane.d/a.conf", "[Plane]\nDescription=x\n");
        _cleanup_config_ Config *config = load_tree();

        assert_int_equal(config->n_planes, 0);
        assert_true(config_is_broken(config, "blue"));
        assert_int_equal(config->n_messages, 1);
        assert_non_null(strstr(config->messages[0].text, "is empty"));
}

static void test_a_link_to_another_device_masks_nothing(void **state _unused_) {
        put("usr/blue.plane", PLANE);
        put_link("etc/blue.plane", "/dev/zero");
        _cleanup_config_ Config *config = load_tree();

        assert_true(config_is_broken(config, "blue"));
        assert_non_null(strstr(config->messages[0].text, "not a regular file"));
}

static void test_other_files_are_ignored(void **state _unused_) {
        put("etc/blue.plane", PLANE);
        put("etc/.hidden.plane", "x");
        put("etc/.plane", "x");
        put("etc/blue.plane~", "x");
        put("etc/README", "x");
        put("etc/blue.plane.d/a.conf.bak", "x");
        put("etc/blue.plane.d/.a.conf", "x");
        _cleanup_config_ Config *config = load_tree();

        (void)only_plane(config);
}

static void test_dropins_apply_in_the_order_of_their_names(void **state _unused_) {
        put("usr/blue.plane", PLANE "[Plane]\nDescription=main\n[Bandwidth]\nEgress=1G\nIngress=1G\nPerMigration=1G\n");
        put("etc/blue.plane.d/20-b.conf", "[Bandwidth]\nEgress=20G\n");
        put("usr/blue.plane.d/30-c.conf", "[Bandwidth]\nEgress=30G\n");
        put("run/blue.plane.d/10-a.conf", "[Bandwidth]\nEgress=10G\nIngress=10G\n");
        // Of one name, only the file of the first directory is read.
        put("usr/blue.plane.d/10-a.conf", "[Bandwidth]\nPerMigration=10G\n");
        put("etc/blue.plane.d/30-c.conf", "[Bandwidth]\nPerMigration=2G\n");
        _cleanup_config_ Config *config = load_tree();
        const PlaneConfig *plane = only_plane(config);

        assert_string_equal(plane->description, "main");
        assert_int_equal(plane->egress, 20000000000);
        assert_int_equal(plane->ingress, 10000000000);
        assert_int_equal(plane->per_migration, 2000000000);
}

static void test_dropins_are_masked(void **state _unused_) {
        put("etc/blue.plane", PLANE);
        put("usr/blue.plane.d/a.conf", "[Bandwidth]\nEgress=10G\n");
        put_link("etc/blue.plane.d/a.conf", "/dev/null");
        put("usr/blue.plane.d/b.conf", "[Bandwidth]\nIngress=10G\n");
        put("run/blue.plane.d/b.conf", "");
        _cleanup_config_ Config *config = load_tree();
        const PlaneConfig *plane = only_plane(config);

        assert_int_equal(plane->egress, 0);
        assert_int_equal(plane->ingress, 0);
}

static void test_dropins_add_sections_and_reset_lists(void **state _unused_) {
        char text[PREFIX_TEXT_MAX];

        put("etc/blue.plane", PLANE "[Isolation]\nPorts=1\n[Route]\nDestination=10.0.0.0/8\n");
        put("etc/blue.plane.d/a.conf", "[Address]\nAddress=fd00::5/64\n[Route]\nDestination=fd01::/64\n");
        _cleanup_config_ Config *added = load_tree();
        assert_int_equal(only_plane(added)->n_addresses, 2);
        assert_int_equal(only_plane(added)->n_routes, 2);

        put("etc/blue.plane.d/b.conf",
            "[Address]\nAddress=\nAddress=fd00::6/64\nAddress=10.1.1.1/24\n[Isolation]\nPorts=\nPorts=2\n");
        _cleanup_config_ Config *reset = load_tree();
        const PlaneConfig *plane = only_plane(reset);
        assert_int_equal(plane->n_addresses, 2);
        assert_string_equal(prefix_format(&plane->addresses[0].prefix, text), "fd00::6/64");
        assert_int_equal(plane->n_ports, 1);
        assert_int_equal(plane->ports[0].first, 2);
}

static void test_a_section_ends_with_its_file(void **state _unused_) {
        put("etc/blue.plane", PLANE);
        put("etc/blue.plane.d/a.conf", "Address=10.1.1.1/24\n");
        _cleanup_config_ Config *config = load_tree();

        assert_messages(
                config,
                "etc/blue.plane.d/a.conf:1: error: Address= is before the first section; put it below a [Section]\n");
}

static void test_a_broken_plane_leaves_the_others_alone(void **state _unused_) {
        put("etc/blue.plane", PLANE);
        put("etc/red.plane", "[Interface]\nName=mig1\n[Address]\nAddress=10.0.0.1/24\n");
        put("run/red.plane.d/a.conf", "[Bandwidth]\nEgress=lots\n");
        _cleanup_config_ Config *config = load_tree();

        assert_messages(
                config,
                "run/red.plane.d/a.conf:2: error: Egress=lots is not understood; expected bits per second from 10M "
                "to 10T, with K, M, G or T (base 1000), such as 8G or 2.5G\n");
        assert_string_equal(config->messages[0].plane, "red");
        assert_int_equal(config->n_planes, 1);
        assert_true(config_is_broken(config, "red"));
        assert_false(config_is_broken(config, "blue"));
        // Not the only plane, but the only one that is not broken.
        assert_false(config_find(config, "blue")->is_default);
}

static void test_files_that_cannot_be_read(void **state _unused_) {
        put_link("etc/blue.plane", "nowhere");
        assert_int_equal(mkdir("etc/folder.plane", 0755), 0);
        assert_int_equal(mkfifo("etc/pipe.plane", 0644), 0);
        put("etc/large.plane", "x");
        assert_int_equal(truncate("etc/large.plane", 5 * 1024 * 1024), 0);
        put("etc/no name.plane", PLANE);
        put("etc/red.plane", PLANE);
        put("run/red.plane.d", "");
        _cleanup_config_ Config *config = load_tree();

        assert_messages(
                config,
                "etc/blue.plane: error: cannot be read: No such file or directory; repair or remove it\n"
                "etc/folder.plane: error: is not a regular file; a plane is described by a text file\n"
                "etc/large.plane: error: is larger than 4194304 bytes; is this a plane file?\n"
                "etc/no name.plane: error: the file's name is not a valid plane name; rename it: at most 64 letters, "
                "digits, '-', '_' and '.', the first a letter, a digit or '_'\n"
                "etc/pipe.plane: error: is not a regular file; a plane is described by a text file\n"
                "run/red.plane.d: error: cannot read directory run/red.plane.d: Not a directory\n");
        assert_int_equal(config->n_planes, 0);
        assert_int_equal(config->n_broken, 6);
}

static void test_a_file_without_permission(void **state _unused_) {
        if (geteuid() == 0)
                skip(); // root may read everything
        put("etc/blue.plane", PLANE);
        assert_int_equal(chmod("etc/blue.plane", 0), 0);
        _cleanup_config_ Config *config = load_tree();
        assert_messages(
                config,
                "etc/blue.plane: error: cannot be read: Permission denied; let the daemon's user migplane read it\n");
}

static void test_a_link_that_leads_to_itself(void **state _unused_) {
        put_link("etc/blue.plane", "blue.plane");
        _cleanup_config_ Config *config = load_tree();

        assert_true(config_is_broken(config, "blue"));
        assert_non_null(strstr(config->messages[0].text, "symbolic links"));
}

static const PlaneConfig *unread_find(const Config *config, const char *name) {
        for (size_t i = 0; i < config->n_broken; i++)
                if (streq(config->broken[i]->name, name))
                        return config->broken[i];
        fail_msg("%s is in no list", name);
        return NULL;
}

static void test_what_is_known_of_a_plane_that_cannot_be_read(void **state _unused_) {
        put_link("etc/blue.plane", "nowhere");
        put("etc/red.plane",
            "[Plane]\nRequired=no\nFallback=allow\nDefault=yes\n[Interface]\nName=mig1\nWhat\n"
            "[Isolation]\nPorts=50010-50020 50000-50010\n");
        _cleanup_config_ Config *config = load_tree();
        const PlaneConfig *blue = unread_find(config, "blue"), *red = unread_find(config, "red");

        assert_true(blue->is_unread && red->is_unread);
        assert_string_equal(blue->path, "etc/blue.plane");
        assert_true(blue->required);
        assert_false(red->required);
        assert_int_equal(plane_config_migration_ports(blue)->first, 49152);
        assert_int_equal(plane_config_migration_ports(blue)->last, 49215);
        assert_int_equal(plane_config_migration_ports(red)->first, 50000);
        assert_int_equal(plane_config_migration_ports(red)->last, 50020);
        assert_int_equal(red->fallback, FALLBACK_DENY);
        assert_false(red->wants_default || red->is_default);
        assert_string_equal(red->interface, "");
        assert_int_equal(red->n_addresses, 0);
}

static void test_the_first_error_is_found(void **state _unused_) {
        put("etc/blue.plane", "[Plane]\nRequired=perhaps\nFallback=never\n");
        _cleanup_config_ Config *config = load_tree();

        assert_int_equal(config_find_error(config, "blue")->line, 2);
        assert_null(config_find_error(config, "red"));
}

static void test_names_that_look_the_same_are_one_plane(void **state _unused_) {
        put("etc/a\x1b.plane", PLANE);
        put("etc/a\x1c.plane", PLANE);
        _cleanup_config_ Config *config = load_tree();

        assert_int_equal(config->n_broken, 1);
        assert_string_equal(config->broken[0]->name, "a?");
}

static void test_names_are_printable_in_messages(void **state _unused_) {
        put("etc/a\x1b[1m\xff\xc2\x9b.plane", PLANE);
        _cleanup_config_ Config *config = load_tree();

        assert_string_equal(config->messages[0].plane, "a?[1m???");
}

// It may hold planes, and is in the lists in their place.
static void test_a_file_in_place_of_the_directory(void **state _unused_) {
        const char *const directories[] = { "etc", "/dev/null", NULL };
        _cleanup_config_ Config *config = NULL;

        put("etc/blue.plane", PLANE);
        assert_int_equal(config_load(directories, true, &config, NULL), 0);
        assert_true(config->has_unread_directory);
        assert_true(unread_find(config, "/dev/null")->required);
        assert_string_equal(
                config_find_error(config, "/dev/null")->text,
                "cannot read directory /dev/null: Not a directory; its planes are unknown: make it a directory");
        assert_ptr_equal(config_find_error(config, "red"), config_find_error(config, "/dev/null"));
        // Drop-ins of the other planes may be there as well.
        assert_true(config_is_broken(config, "blue"));
}

// --- Several planes

#define OTHER "[Interface]\nName=mig1\n[Address]\nAddress=172.150.2.5/24\n"

static void test_planes_that_contradict_each_other(void **state _unused_) {
        static const struct {
                const char *blue, *red, *messages;
        } cases[] = {
                { PLANE, "[Interface]\nName=mig0\n[Address]\nAddress=10.0.0.1/8\n",
                  "etc/red.plane:2: error: Name=mig0 is the interface of plane blue (etc/blue.plane:2) already; "
                  "give each plane its own\n" },
                { PLANE, "[Interface]\nName=ifb-mig0\n[Address]\nAddress=10.0.0.1/8\n",
                  "etc/red.plane:2: error: Name=ifb-mig0 is the name of the ifb device of plane blue (etc/blue.plane:2); "
                  "use another one\n" },
                { PLANE, "[Interface]\nName=mig1\nKind=macvlan\nParent=ifb-mig0\n[Address]\nAddress=10.0.0.1/8\n",
                  "etc/red.plane:4: error: Parent=ifb-mig0 is the name of the ifb device of plane blue (etc/blue.plane:2); "
                  "use another one\n" },
                { "[Interface]\nName=ifb-mig0\n[Address]\nAddress=172.150.1.5/24\n",
                  "[Interface]\nName=mig0\n[Address]\nAddress=10.0.0.1/8\n",
                  "etc/red.plane:2: error: the ifb device of Name=mig0 is named ifb-mig0, a name that plane blue "
                  "(etc/blue.plane:2) uses; use another Name=\n" },
                { PLANE, "[Interface]\nName=mig1\n[Address]\nAddress=172.150.2.5/16\n",
                  "etc/red.plane:4: error: Address=172.150.2.5/16 overlaps Address=172.150.1.5/24 of plane blue "
                  "(etc/blue.plane:4); give each plane a network of its own\n" },
                { PLANE "[Interface]\nKind=vlan\nParent=eno1\nVLANId=100\n",
                  OTHER "[Interface]\nKind=vlan\nParent=eno1\nVLANId=100\n",
                  "etc/red.plane:8: error: VLANId=100 on Parent=eno1 is the VLAN of plane blue (etc/blue.plane:8) "
                  "already; give each plane its own VLAN\n" },
                { PLANE, OTHER "[Interface]\nKind=vlan\nParent=mig0\nVLANId=100\n",
                  "etc/red.plane:7: error: Parent=mig0 is the interface of plane blue (etc/blue.plane:2), which "
                  "carries nothing else; use another one\n" },
                { PLANE "[Interface]\nKind=vlan\nParent=mig1\nVLANId=100\n", OTHER,
                  "etc/red.plane:2: error: Name=mig1 is the parent of plane blue (etc/blue.plane:7), and a plane's "
                  "interface carries nothing else; use another one\n" },
                { PLANE "[Route]\nDestination=10.8.0.0/16\n", OTHER "[Route]\nDestination=10.8.0.0/16\n",
                  "etc/red.plane:6: error: Destination=10.8.0.0/16 is a [Route] of plane blue (etc/blue.plane:6) "
                  "already, and a network is reached through one plane; remove one of the two, or name a smaller "
                  "network\n" },
                { PLANE, OTHER "[Route]\nDestination=172.150.1.128/25\n",
                  "etc/red.plane:6: error: Destination=172.150.1.128/25 is in the network of Address=172.150.1.5/24 of "
                  "plane blue (etc/blue.plane:4), and traffic for that network leaves through that plane only; remove "
                  "the [Route]\n" },
                { PLANE "[Route]\nDestination=172.150.2.0/24\n", OTHER,
                  "etc/red.plane:4: error: the network of Address=172.150.2.5/24 has Destination=172.150.2.0/24 of "
                  "plane blue (etc/blue.plane:6), and traffic for it leaves through this plane only; remove that "
                  "[Route]\n" },
                // The smaller network is preferred.
                { PLANE "[Route]\nDestination=10.8.0.0/16\n", OTHER "[Route]\nDestination=10.8.1.0/24\n", "" },
                { PLANE, OTHER "[Route]\nDestination=172.150.0.0/16\n", "" },
                { PLANE "[Plane]\nDefault=yes\n", OTHER "[Plane]\nDefault=yes\n",
                  "etc/red.plane:6: error: Default=yes is set here for plane red and also for plane blue "
                  "(etc/blue.plane:6); only one plane can be the default\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                put("etc/blue.plane", cases[i].blue);
                put("etc/red.plane", cases[i].red);
                _cleanup_config_ Config *config = load_tree();
                assert_messages(config, cases[i].messages);
                assert_non_null(config_find(config, "blue"));
                assert_int_equal(config_is_broken(config, "red"), cases[i].messages[0] != 0);
        }
}

static void test_planes_without_conflicts(void **state _unused_) {
        put("etc/b.plane", PLANE "[Interface]\nKind=vlan\nParent=eno1\nVLANId=100\n");
        put("etc/a-z.plane", OTHER "[Interface]\nKind=vlan\nParent=eno1\nVLANId=101\n[Plane]\nDefault=yes\n");
        put("etc/a.plane",
            "[Interface]\nName=mig2\nKind=vlan\nParent=eno2\nVLANId=100\n[Address]\nAddress=10.0.0.1/8\n");
        put("etc/c.plane",
            "[Interface]\nName=mig3\nKind=vlan\nParent=eno1\nVLANId=100\nVLANProtocol=802.1ad\n[Address]\nAddress=11.0.0.1/8\n");
        _cleanup_config_ Config *config = load_tree();

        assert_messages(config, "");
        assert_int_equal(config->n_planes, 4);
        assert_string_equal(config->planes[0]->name, "a"); // by name, not by file name
        assert_string_equal(config->planes[1]->name, "a-z");
        assert_string_equal(config->planes[2]->name, "b");
        assert_false(config->planes[0]->is_default);
        assert_true(config->planes[1]->is_default);
}

static void test_no_plane_of_several_is_the_default_by_itself(void **state _unused_) {
        put("etc/blue.plane", PLANE);
        put("etc/red.plane", OTHER);
        _cleanup_config_ Config *config = load_tree();

        assert_int_equal(config->n_planes, 2);
        assert_false(config->planes[0]->is_default);
        assert_false(config->planes[1]->is_default);
}

// It has none, and Kind=device has no parent either.
static void test_a_plane_that_is_unread_keeps_no_interface(void **state _unused_) {
        put("etc/blue.plane", PLANE);
        put_link("etc/red.plane", "nowhere");
        _cleanup_config_ Config *config = load_tree();
        const PlaneConfig *red = unread_find(config, "red");

        assert_int_equal(config_check_kept(config, &red, 1), 0);
        assert_non_null(config_find(config, "blue"));
        assert_int_equal(config->n_broken, 1);
}

static void test_a_broken_plane_keeps_its_interface_and_networks(void **state _unused_) {
        put("etc/blue.plane", OTHER);
        put("etc/red.plane", PLANE);
        put("etc/white.plane", "[Interface]\nName=mig2\n[Address]\nAddress=10.0.0.1/8\n");
        _cleanup_config_ Config *before = load_tree();
        assert_int_equal(before->n_planes, 3);

        // red is broken and keeps 172.150.1.0/24, so blue cannot have it; blue then keeps mig1, so white
        // cannot have that.
        put("etc/blue.plane", "[Interface]\nName=mig3\n[Address]\nAddress=172.150.1.9/24\n");
        put("etc/red.plane", "[Interface]\nName=\n");
        put("etc/white.plane", "[Interface]\nName=mig1\n[Address]\nAddress=10.0.0.1/8\n");
        _cleanup_config_ Config *after = load_tree();
        assert_int_equal(after->n_planes, 2);
        assert_int_equal(config_check_kept(after, (const PlaneConfig *const *)before->planes, before->n_planes), 0);

        assert_int_equal(after->n_planes, 0);
        assert_true(config_is_broken(after, "blue"));
        assert_true(config_is_broken(after, "white"));
        assert_messages(
                after,
                "etc/red.plane:1: error: Name= is missing in [Interface]; add the name of the plane's network "
                "interface, such as Name=mig0\n"
                "etc/red.plane: error: the plane has no address; add [Address] with Address=, such as "
                "Address=172.150.1.5/24\n"
                "etc/blue.plane:4: error: Address=172.150.1.9/24 overlaps Address=172.150.1.5/24 of plane red "
                "(etc/red.plane:4); give each plane a network of its own\n"
                "etc/white.plane:2: error: Name=mig1 is the interface of plane blue (etc/blue.plane:2) already; "
                "give each plane its own\n");
}

// --- The drop-in of SetBandwidth

static void test_bandwidth_dropins(void **state _unused_) {
        _cleanup_free_ char *persistent = NULL, *runtime = NULL, *text = NULL, *partial = NULL, *empty = NULL;

        assert_int_equal(drop_in_bandwidth_path("/etc/migplane", "blue", false, &persistent), 0);
        assert_int_equal(drop_in_bandwidth_path("/run/migplane", "blue", true, &runtime), 0);
        assert_string_equal(persistent, "/etc/migplane/blue.plane.d/90-set-bandwidth.conf");
        assert_string_equal(runtime, "/run/migplane/blue.plane.d/95-set-bandwidth-runtime.conf");

        const DropInRates all = { { true, 8000000000 }, { true, 2500000000 }, { true, 0 } };
        assert_int_equal(drop_in_bandwidth_text(&all, &text), 0);
        assert_string_equal(text,
                            "# Set with SetBandwidth. To undo it: migplanectl set-bandwidth PLANE --reset\n"
                            "[Bandwidth]\nEgress=8G\nIngress=2.5G\nPerMigration=\n");
        const DropInRates some = { .ingress = { true, 4000000000 } }, none = {};
        assert_int_equal(drop_in_bandwidth_text(&some, &partial), 0);
        assert_int_equal(drop_in_bandwidth_text(&none, &empty), 0);
        assert_null(empty);

        DropInRates read;
        assert_int_equal(drop_in_bandwidth_read(text, &read), 0);
        assert_true(read.egress.is_set && read.egress.rate == 8000000000);
        assert_true(read.ingress.is_set && read.ingress.rate == 2500000000);
        assert_true(read.per_migration.is_set && read.per_migration.rate == 0);
        assert_int_equal(drop_in_bandwidth_read("Egress=1G\n[Bandwidth]\nnonsense\nIngress=fast\nEgress=4G\n[Plane]\n"
                                                "Ingress=1G\n",
                                                &read),
                         0);
        assert_true(read.egress.is_set && read.egress.rate == 4000000000);
        assert_false(read.ingress.is_set);

        assert_true(drop_in_is_bandwidth(persistent));
        assert_true(drop_in_is_bandwidth(runtime));
        assert_false(drop_in_is_bandwidth("/etc/migplane/blue.plane.d/90-other.conf"));

        put("etc/blue.plane", PLANE);
        put("etc/blue.plane.d/90-set-bandwidth.conf", text);
        put("run/blue.plane.d/95-set-bandwidth-runtime.conf", partial);
        _cleanup_config_ Config *config = load_tree();
        assert_int_equal(only_plane(config)->egress, 8000000000);
        assert_int_equal(only_plane(config)->ingress, 4000000000);
}

static void test_a_dropin_without_its_plane_is_told(void **state _unused_) {
        put("etc/blue.plane", PLANE);
        put("etc/blue.plane.d/1.conf", "[Bandwidth]\nEgress=1G\n");
        put("etc/gone.plane.d/90-set-bandwidth.conf", "[Bandwidth]\nEgress=1G\n");
        put("run/gone.plane.d/2.conf", "nonsense\n");
        put("run/gone.plane.d/README", "");
        put("run/empty.plane.d/README", "");
        _cleanup_config_ Config *config = load_tree();

        assert_int_equal(config->n_planes, 1);
        assert_messages(config,
                        "etc/gone.plane.d/90-set-bandwidth.conf: warning: there is no such plane now, and a later one "
                        "of that name would get this drop-in; remove it\n"
                        "run/gone.plane.d/2.conf: warning: there is no such plane now, and a later one of that name "
                        "would get this drop-in; remove it\n");
}

static uint64_t print_of(const char *plane) {
        _cleanup_config_ Config *config = load_tree();

        return config_print(config, plane);
}

static uint64_t print_of_all(void) {
        _cleanup_config_ Config *config = load_tree();

        return config_print_all(config);
}

static void test_an_edit_has_another_print(void **state _unused_) {
        put("etc/blue.plane", PLANE);
        put("etc/red.plane", "nonsense\n");
        const uint64_t blue = print_of("blue"), red = print_of("red"), all = print_of_all();

        assert_int_not_equal(blue, 0);
        assert_int_not_equal(red, 0); // broken ones too
        assert_int_equal(print_of("green"), 0);
        assert_int_equal(print_of("blue"), blue);
        put("etc/red.plane", "other nonsense\n");
        assert_int_not_equal(print_of("red"), red);
        assert_int_equal(print_of("blue"), blue);
        assert_int_not_equal(print_of_all(), all);
        put("etc/blue.plane.d/1.conf", "[Bandwidth]\nEgress=1G\n");
        const uint64_t dropped = print_of("blue"), all_dropped = print_of_all();
        assert_int_not_equal(dropped, blue);
        // It is in force already.
        put("etc/blue.plane.d/90-set-bandwidth.conf", "[Bandwidth]\nEgress=2G\n");
        assert_int_equal(print_of("blue"), dropped);
        // A plane that nobody has yet.
        put("run/green.plane", PLANE);
        assert_int_not_equal(print_of_all(), all_dropped);
}

static void test_files_for_another_host(void **state _unused_) {
        static const char *const paths[] = { "etc/blue.plane", "etc/.source~" };
        _cleanup_config_ Config *config = NULL;

        put("etc/blue.plane", PLANE "[Isolation]\nUsers=someone-elsewhere\n");
        put("etc/blue.plane.d/1.conf", "nonsense\n");
        put("etc/.source~", "[Interface]\nName=mig9\n[Address]\nAddress=fd00::1/64\n");
        assert_int_equal(config_load_files(paths, 2, &config), 0);
        assert_int_equal(config->n_messages, 0);
        assert_non_null(config_find(config, "blue"));
        assert_non_null(config_find(config, "plane")); // the file's name is not a plane's
}

#define tree_test(function) cmocka_unit_test_setup_teardown(function, tree_setup, tree_teardown)

int main(void) {
        static const struct CMUnitTest tests[] = {
                tree_test(test_no_files_are_no_planes),
                tree_test(test_the_first_directory_wins),
                tree_test(test_files_are_masked),
                tree_test(test_an_empty_file_is_an_error),
                tree_test(test_a_link_to_another_device_masks_nothing),
                tree_test(test_other_files_are_ignored),
                tree_test(test_dropins_apply_in_the_order_of_their_names),
                tree_test(test_dropins_are_masked),
                tree_test(test_dropins_add_sections_and_reset_lists),
                tree_test(test_a_section_ends_with_its_file),
                tree_test(test_a_broken_plane_leaves_the_others_alone),
                tree_test(test_files_that_cannot_be_read),
                tree_test(test_a_file_without_permission),
                tree_test(test_a_link_that_leads_to_itself),
                tree_test(test_what_is_known_of_a_plane_that_cannot_be_read),
                tree_test(test_the_first_error_is_found),
                tree_test(test_names_that_look_the_same_are_one_plane),
                tree_test(test_names_are_printable_in_messages),
                tree_test(test_a_file_in_place_of_the_directory),
                tree_test(test_planes_that_contradict_each_other),
                tree_test(test_planes_without_conflicts),
                tree_test(test_no_plane_of_several_is_the_default_by_itself),
                tree_test(test_a_plane_that_is_unread_keeps_no_interface),
                tree_test(test_a_broken_plane_keeps_its_interface_and_networks),
                tree_test(test_bandwidth_dropins),
                tree_test(test_a_dropin_without_its_plane_is_told),
                tree_test(test_an_edit_has_another_print),
                tree_test(test_files_for_another_host),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
