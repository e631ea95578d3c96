# The network from within: what a host and its guests see, set and lose; each line says what a step has come to.
function Reaches($From, $To) { Invoke-Command -VMName $From { Test-Connection $args[0] -Count 1 -Quiet } -ArgumentList $To }

"names: $((Invoke-Command -VMName web1 { (Get-NetAdapter).Name }) -join ', ')"
"ping: $(Invoke-Command -VMName web1 { ping -n 1 192.168.1.1 } | Select-String 'Reply from')"
"unknown: $(ping nosuch)"

Invoke-Command -VMName web1 { Disable-NetAdapter Ethernet -Confirm:$false }
"disabled: $(Test-Connection 192.168.1.31 -Count 1 -Quiet)"
Invoke-Command -VMName web1 { Enable-NetAdapter Ethernet }
"enabled: $(Test-Connection 192.168.1.31 -Count 1 -Quiet)"

Invoke-Command -VMName web1 { Set-NetAdapter Ethernet -MacAddress 02-00-00-00-00-09 }
"spoofed: $(Reaches web1 192.168.1.20)"
Set-VMNetworkAdapter web1 -MacAddressSpoofing On
"allowed: $(Reaches web1 192.168.1.20)"

"no route: $(Reaches red 10.2.0.2)"
Invoke-Command -VMName red { New-NetRoute 10.2.0.0/24 -InterfaceAlias Ethernet -NextHop 10.1.0.1 } | Out-Null
"route: $(Reaches red 10.2.0.2)"
"hops: $(@(Invoke-Command -VMName red { tracert -d 10.2.0.2 } | Select-String ' ms ').Count)"
Invoke-Command -VMName red { Remove-NetRoute 10.2.0.0/24 -Confirm:$false }
"removed: $(Reaches red 10.2.0.2)"

"inside only: $(Reaches nat 203.0.113.80)"
New-NetNat -Name N -InternalIPInterfaceAddressPrefix 10.0.1.0/24 | Out-Null
"translated: $(Reaches nat 203.0.113.80)"
"session: $((Get-NetNatSession | Where-Object Protocol -eq ICMP | Select-Object -First 1).InternalSourceAddress)"
Add-NetNatStaticMapping N -Protocol TCP -ExternalIPAddress 0.0.0.0 -ExternalPort 8080 -InternalIPAddress 10.0.1.5 -InternalPort 80 | Out-Null
"mapped: $(Invoke-Command -ComputerName pc1 { Test-NetConnection 192.168.1.20 -Port 8080 -InformationLevel Quiet })"
"page: $(Invoke-Command -ComputerName pc1 { (Invoke-WebRequest http://192.168.1.20:8080/ -UseBasicParsing).Content })"
Remove-NetNat N -Confirm:$false
"closed: $(Reaches nat 203.0.113.80)"

"lease: $(Invoke-Command -VMName client1 { (Get-NetIPAddress -AddressFamily IPv4 -PrefixOrigin Dhcp).IPAddress })"
"released: $(Invoke-Command -VMName client1 { ipconfig /release } | Select-String 'IPv4')"
"renewed: $(@(Invoke-Command -VMName client1 { ipconfig /renew } | Select-String 'IPv4 Address').Count)"
"neighbour: $(@(Invoke-Command -VMName client1 { ping -n 1 10.0.1.2; arp -a } | Select-String '10.0.1.2 .*dynamic').Count)"
