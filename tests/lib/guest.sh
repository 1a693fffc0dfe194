# A small guest without a disk: it fills some memory, changes it continuously, and counts on its console
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
#     guest_build DIR                    # DIR/guest.cpio
#     guest_xml DIR NAME                 # its libvirt domain, on standard output
#     guest_count CONSOLE                # the last number on its console

GUEST_MEMORY_MIB=512
GUEST_FILLED_MIB=288                    # what a migration has to carry, besides the guest's kernel

guest_kernel() {
    find /boot "$UNPACKED/boot" -maxdepth 1 -name 'vmlinuz-*' 2>/dev/null | sort -V | tail -n 1
}

guest_build() {
    local root=$1/guest
    mkdir -p "$root/bin"
    cp "$(command -v busybox)" "$root/bin/"
    cat >"$root/init" <<-INIT
	#!/bin/busybox sh
	/bin/busybox --install -s /bin
	mkdir -p /dev /ram
	mount -t devtmpfs dev /dev
	mount -t tmpfs -o size=90% ram /ram
	exec >/dev/ttyS0 2>/dev/null
	# A page of zeros would cross the wire as a few bytes.
	tr '\\0' m </dev/zero | dd of=/ram/one bs=1M count=1 iflag=fullblock
	for i in \$(seq $GUEST_FILLED_MIB); do cat /ram/one; done >/ram/filled
	count=0
	while true; do
	    count=\$((count + 1))
	    echo "count \$count"
	    cat /ram/one >/ram/dirty
	    sleep 0.1
	done
	INIT
    chmod +x "$root/init"
    (cd "$root" && find . | cpio -o -H newc --quiet) >"$1/guest.cpio"
}

# Without KVM, disk and NIC: nothing that the machine may lack or that cannot migrate.
guest_xml() {
    cat <<-XML
	<domain type='qemu'>
	  <name>$2</name>
	  <memory unit='MiB'>$GUEST_MEMORY_MIB</memory>
	  <vcpu>1</vcpu>
	  <os>
	    <type arch='x86_64' machine='q35'>hvm</type>
	    <kernel>$(guest_kernel)</kernel>
	    <initrd>$1/guest.cpio</initrd>
	    <cmdline>console=ttyS0 quiet</cmdline>
	  </os>
	  <features><acpi/></features>
	  <cpu mode='custom'><model>qemu64</model></cpu>
	  <devices>
	    <serial type='file'><source path='/var/log/libvirt/$2.console'/></serial>
	    <memballoon model='none'/>
	  </devices>
	</domain>
	XML
}

guest_count() {                         # CONSOLE...
    sed -n 's/^count \([0-9]*\).*/\1/p' "$@" 2>/dev/null | tail -n 1
}
