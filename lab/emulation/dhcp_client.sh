#!/bin/sh
# The DHCP client of a guest. `dhcp_client.sh start DEVICE HOST-NAME TABLE [PLACE]` becomes udhcpc, which calls this
# file again with each event (busybox: udhcpc). RFC 2131; without a server the address is one of 169.254/16 (RFC 3927),
# as in Windows.
#
# What it has got is in /run/dhcp/DEVICE, NAME=VALUE in each line. TABLE is the number of a routing table, 0 for none:
# in a machine with several adapters what is sent from an address leaves by that address's adapter.
set -eu
folder=/run/dhcp
# shellcheck source=lab/emulation/name_servers.sh
. "${0%/*}/name_servers.sh"

had() { # a value of what was written last
    [ ! -e "$folder/$interface" ] || sed -n "s/^$1=//p" "$folder/$interface"
}

forget_address() {
    old=$(had address)
    [ -z "$old" ] || ip -4 address del "$old" dev "$interface" 2>/dev/null || :
    if [ "$HVLAB_TABLE" != 0 ]; then
        ip -4 rule del table "$HVLAB_TABLE" 2>/dev/null || :
        ip -4 route flush table "$HVLAB_TABLE" 2>/dev/null || :
    fi
}

take_address() { # ADDRESS/PREFIX [ROUTER]
    if [ "$(had address)" != "$1" ]; then
        forget_address
        ip -4 address replace "$1" dev "$interface"
        busybox arping -q -U -c 1 -I "$interface" "${1%/*}" >/dev/null 2>&1 &
    fi
    ip -4 route del default dev "$interface" 2>/dev/null || :
    [ -z "${2-}" ] || ip -4 route replace default via "$2" dev "$interface" metric "$metric" 2>/dev/null || :
    [ "$HVLAB_TABLE" != 0 ] || return 0
    ip -4 rule del table "$HVLAB_TABLE" 2>/dev/null || :
    ip -4 rule add from "${1%/*}" table "$HVLAB_TABLE"
    ip -4 route flush table "$HVLAB_TABLE" 2>/dev/null || :
    subnet=$(ip -4 -o route show dev "$interface" proto kernel | head -n 1 | cut -d' ' -f1)
    [ -z "$subnet" ] || ip -4 route replace "$subnet" dev "$interface" table "$HVLAB_TABLE"
    if [ -n "${2-}" ]; then
        ip -4 route replace default via "$2" dev "$interface" table "$HVLAB_TABLE" 2>/dev/null || :
    else
        ip -4 route replace unreachable default table "$HVLAB_TABLE"
    fi
}

tell() { # what is in force now, in lines of NAME=VALUE
    cat >"$folder/.$interface.new"
    mv "$folder/.$interface.new" "$folder/$interface"
}

link_local() { # 169.254/16 without its first and last 256 addresses, by the MAC address
    # shellcheck disable=SC2046 # six words
    set -- $(tr : ' ' <"/sys/class/net/$interface/address")
    echo "169.254.$((0x$5 % 254 + 1)).$((0x$6))/16"
}

event=$1
if [ "$event" = start ]; then
    interface=$2
    export HVLAB_TABLE="$4"
    mkdir -p "$folder"
    rm -f "$folder/$interface.ready"
    last=$(had address)
    case $last in '' | 169.254.*) last= ;; *) last="-r ${last%/*}" ;; esac
    # shellcheck disable=SC2086 # two words or none
    exec udhcpc -f -R -i "$interface" -s "$0" -a200 -t 3 -T 1 -A 5 -V "MSFT 5.0" -x "hostname:$3" \
        -O router -O dns -O domain -O bootfile -O tftp -O serverid -O lease -O staticroutes $last
fi

metric=$((1000 + $(cat "/sys/class/net/$interface/ifindex")))
case $event in
    deconfig)
        rm -f "$folder/$interface.ready"
        ip link set dev "$interface" up 2>/dev/null || :
        forget_address
        name_servers "$interface.4"
        echo state=unconfigured | tell
        ;;
    leasefail)
        case $(had state) in leased) exit ;; esac
        address=$(link_local)
        take_address "$address"
        printf '%s\n' state=autoconfigured "address=$address" "obtained=$(date +%s.%N)" | tell
        : >"$folder/$interface.ready"
        ;;
    bound | renew)
        router=${router-}
        # shellcheck disable=SC2154 # given by udhcpc
        take_address "$ip/$mask" "${router%% *}"
        name_servers "$interface.4" "${dns-}" "${domain-}"
        tell <<END
state=leased
address=$ip/$mask
router=$router
dns=${dns-}
domain=${domain-}
server=${serverid-}
lease=${lease-}
obtained=$(date +%s.%N)
boot_file=${bootfile-}${boot_file-}
tftp_server=${tftp-}
next_server=${siaddr-}
END
        : >"$folder/$interface.ready"
        ;;
esac
