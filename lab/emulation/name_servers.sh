#!/bin/sh
# What the clients of a guest share: whom it asks for names, which each of them has been told of by its server.

name_servers() { # CLIENT [SERVERS [DOMAINS]]: what one client was told; the guest's /etc/resolv.conf has that of all
    mkdir -p /run/name-servers
    {
        for domain in ${3-}; do echo "search $domain"; done
        for server in ${2-}; do echo "nameserver $server"; done
    } >"/run/name-servers/$1"
    {
        domains=$(sed -n 's/^search //p' /run/name-servers/* | awk '!seen[$0]++' | tr '\n' ' ')
        [ -z "$domains" ] || echo "search ${domains% }"
        grep -h '^nameserver' /run/name-servers/* || :
        echo "options timeout:1"
    } >/etc/resolv.conf
}
