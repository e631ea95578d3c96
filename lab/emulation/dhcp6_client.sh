#!/bin/sh
# What dhclient calls with each event of a DHCPv6 lease (dhclient-script(8)): the address is given to the adapter or
# taken from it, and what there is to know of the lease is left for the program that has started dhclient, in
# $hvlab_told, which is told by a signal.
# shellcheck disable=SC2154 # the variables are given by dhclient, and by its caller
set -eu
# shellcheck source=lab/emulation/name_servers.sh
. "${0%/*}/name_servers.sh"

case $reason in
    BOUND6 | RENEW6 | REBIND6)
        if [ -n "${new_ip6_address-}" ]; then
            ip -6 address replace "$new_ip6_address/128" dev "$interface" \
                valid_lft "${new_max_life:-forever}" preferred_lft "${new_preferred_life:-forever}" noprefixroute
            if [ -n "${old_ip6_address-}" ] && [ "$old_ip6_address" != "$new_ip6_address" ]; then
                ip -6 address del "$old_ip6_address/128" dev "$interface" 2>/dev/null || :
            fi
        fi
        name_servers "$interface.6" "${new_dhcp6_name_servers-}" "${new_dhcp6_domain_search-}"
        cat >"$hvlab_told.new" <<END
leased=${new_ip6_address-}
server_id=${new_dhcp6_server_id-}
iaid=${new_iaid-}
dns=${new_dhcp6_name_servers-}
domain=${new_dhcp6_domain_search-}
lease=${new_max_life-}
obtained=$(cut -d' ' -f1 /proc/uptime)
END
        mv "$hvlab_told.new" "$hvlab_told"
        ;;
    DEPREF6)
        [ -z "${cur_ip6_address-}" ] ||
            ip -6 address change "$cur_ip6_address/128" dev "$interface" preferred_lft 0 2>/dev/null || :
        ;;
    EXPIRE6 | FAIL6 | RELEASE6 | STOP6)
        [ -z "${old_ip6_address-}" ] || ip -6 address del "$old_ip6_address/128" dev "$interface" 2>/dev/null || :
        name_servers "$interface.6"
        rm -f "$hvlab_told"
        ;;
    *) exit 0 ;;
esac
kill -HUP "$hvlab_client" 2>/dev/null || :
