// What networkd and NetworkManager are told, file by file.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "golden.h"
#include "base/inet.h"
#include "config/config.h"
#include "config/load.h"
#include "handover/files.h"

#define INTERFACE(managed_by, rest) "[Interface]\nName=mig0\nManagedBy=" managed_by "\n" rest
#define VLAN "Kind=vlan\nParent=eno1\nVLANId=100\nMTUBytes=9000\n"
#define ADDRESS "[Address]\nAddress=172.150.1.5/24\n"
#define WRITTEN "# Written by migplaned for the plane blue\n"

#define LEAVE_IFB                                                                       \
        "networkd /run/systemd/network/10-migplane-ifb-mig0.network\n" WRITTEN          \
        "[Match]\nName=ifb-mig0\n\n[Link]\nUnmanaged=yes\n"                             \
        "NetworkManager /run/NetworkManager/conf.d/90-migplane-ifb-mig0.conf\n" WRITTEN \
        "[keyfile]\nunmanaged-devices+=interface-name:=ifb-mig0\n"

// All files, one after the other, each below its reader and its path.
static void assert_files(const char *text, const char *parent_network, const char *expected) {
        _cleanup_handover_files_ HandoverFiles files = {};
        _cleanup_config_ Config *config = NULL;
        _cleanup_free_ char *all = NULL;
        size_t size;
        FILE *file = open_memstream(&all, &size);

        assert_int_equal(handover_render(golden_plane("blue", text, &config), parent_network, &files), 0);
        for (size_t i = 0; i < files.n_files; i++)
                (void)fprintf(file, "%s %s\n%s", managed_by_to_string(files.files[i].reader), files.files[i].path,
                              files.files[i].text);
        (void)fclose(file);
        assert_string_equal(all, expected);
}

static void test_ours_is_left_alone(void **state _unused_) {
        assert_files(INTERFACE("migplane", VLAN) ADDRESS, "",
                     "networkd /run/systemd/network/10-migplane-mig0.network\n" WRITTEN
                     "[Match]\nName=mig0 ifb-mig0\n\n[Link]\nUnmanaged=yes\n"
                     "NetworkManager /run/NetworkManager/conf.d/90-migplane-mig0.conf\n" WRITTEN
                     "[keyfile]\nunmanaged-devices+=interface-name:=mig0;interface-name:=ifb-mig0\n");
}

static void test_of_another_managers_device_only_the_ifb(void **state _unused_) {
        assert_files(INTERFACE("other", VLAN) ADDRESS, "", LEAVE_IFB);
        assert_files(INTERFACE("NetworkManager", VLAN) ADDRESS, "", LEAVE_IFB);
}

#define NETWORK(extra, sections)                                                                                           \
        "networkd /run/systemd/network/10-migplane-mig0.network\n" WRITTEN                                                 \
        "[Match]\nName=mig0\n\n[Link]\nRequiredForOnline=yes\n" extra                                                      \
        "\n[Network]\nDHCP=no\nLinkLocalAddressing=no\nIPv6AcceptRA=no\nLLMNR=no\nMulticastDNS=no\nLLDP=no\nEmitLLDP=no\n" \
        "KeepConfiguration=yes\n\n[Address]\nAddress=172.150.1.5/24\nDuplicateAddressDetection=none\n" sections
#define LINK                                                            \
        "networkd /run/systemd/network/10-migplane-mig0.link\n" WRITTEN \
        "[Match]\nOriginalName=mig0\n\n[Link]\nAlias=migplane:blue\n"
#define NETDEV_VLAN                                                       \
        "networkd /run/systemd/network/10-migplane-mig0.netdev\n" WRITTEN \
        "[NetDev]\nName=mig0\nKind=vlan\nMTUBytes=9000\n\n[VLAN]\nId=100\n"

static void test_networkd_makes_a_service_vlan(void **state _unused_) {
        _cleanup_handover_files_ HandoverFiles files = {};
        _cleanup_config_ Config *config = NULL;
        bool found = false;

        assert_int_equal(handover_render(golden_plane("blue",
                                                      INTERFACE("networkd", VLAN "VLANProtocol=802.1AD\n") ADDRESS,
                                                      &config),
                                         "", &files),
                         0);
        for (size_t i = 0; i < files.n_files; i++)
                found |= strstr(files.files[i].text, "[VLAN]\nId=100\nProtocol=802.1ad\n") != NULL;
        assert_true(found);
}

static void test_networkd_makes_a_vlan(void **state _unused_) {
        assert_files(INTERFACE("networkd", VLAN) ADDRESS "[Route]\nDestination=172.150.0.0/16\nGateway=172.150.1.1\n",
                     "",
                     LEAVE_IFB NETWORK("MTUBytes=9000\n",
                                       "\n[Route]\nDestination=172.150.0.0/16\nGateway=172.150.1.1\n")
                             NETDEV_VLAN LINK);
}

static void test_once_the_parents_file_is_known_it_gets_a_drop_in(void **state _unused_) {
        assert_files(INTERFACE("networkd", VLAN) ADDRESS, "20-uplink.network",
                     LEAVE_IFB NETWORK("MTUBytes=9000\n", "") NETDEV_VLAN LINK
                     "networkd /run/systemd/network/20-uplink.network.d/10-migplane-mig0.conf\n" WRITTEN
                     "[Network]\nVLAN=mig0\n");
}

static void test_networkd_makes_a_macvlan(void **state _unused_) {
        assert_files(INTERFACE("networkd", "Kind=macvlan\nParent=eno1\n") ADDRESS, "20-uplink.network",
                     LEAVE_IFB NETWORK(
                             "", "") "networkd /run/systemd/network/10-migplane-mig0.netdev\n" WRITTEN
                                     "[NetDev]\nName=mig0\nKind=macvlan\n\n[MACVLAN]\nMode=private\n" LINK
                                     "networkd /run/systemd/network/20-uplink.network.d/10-migplane-mig0.conf\n" WRITTEN
                                     "[Network]\nMACVLAN=mig0\n");
}

static void test_of_a_device_networkd_has_the_addresses_only(void **state _unused_) {
        assert_files(INTERFACE("networkd", "Kind=device\n") ADDRESS, "", LEAVE_IFB NETWORK("", ""));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_ours_is_left_alone),
                cmocka_unit_test(test_of_another_managers_device_only_the_ifb),
                cmocka_unit_test(test_networkd_makes_a_vlan),
                cmocka_unit_test(test_networkd_makes_a_service_vlan),
                cmocka_unit_test(test_once_the_parents_file_is_known_it_gets_a_drop_in),
                cmocka_unit_test(test_networkd_makes_a_macvlan),
                cmocka_unit_test(test_of_a_device_networkd_has_the_addresses_only),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
