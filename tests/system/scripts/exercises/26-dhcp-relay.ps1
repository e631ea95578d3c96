# Exercise 26: a DHCP relay agent: the server finds the scope by the relay's address.
. "$PSScriptRoot\checks.ps1"

"Servers", "Clients" | ForEach-Object { New-VMSwitch -Name $_ -SwitchType Private | Out-Null }
New-VM -Name "dhcp1" -NoVHD -SwitchName "Servers" | Start-VM
Set-GuestAddress dhcp1 10.0.1.1 -Gateway 10.0.1.254
Invoke-Command -VMName dhcp1 {
    Install-WindowsFeature -Name DHCP | Out-Null
    Add-DhcpServerv4Scope -Name "Servers" -StartRange 10.0.1.100 -EndRange 10.0.1.110 -SubnetMask 255.255.255.0
    Add-DhcpServerv4Scope -Name "Clients" -StartRange 10.0.2.100 -EndRange 10.0.2.110 -SubnetMask 255.255.255.0
    Set-DhcpServerv4OptionValue -ScopeId 10.0.2.0 -Router 10.0.2.254
}
New-VM -Name "router" -NoVHD -SwitchName "Servers" | Out-Null
Add-VMNetworkAdapter -VMName "router" -SwitchName "Clients"
Start-VM -Name "router"
Set-GuestAddress router 10.0.1.254
Set-GuestAddress router 10.0.2.254 -Interface "Ethernet 2"
Invoke-Command -VMName router { Get-NetAdapter | Set-NetIPInterface -AddressFamily IPv4 -Forwarding Enabled }
New-VM -Name "near" -NoVHD -SwitchName "Servers" | Start-VM
New-VM -Name "far" -NoVHD -SwitchName "Clients" | Start-VM

function Get-Address([string]$VMName) {
    Invoke-Command -VMName $VMName { (Get-NetIPAddress -InterfaceAlias "Ethernet" -AddressFamily IPv4 -ErrorAction SilentlyContinue).IPAddress }
}
Check "beside the server" ((Get-Address near) -like "10.0.1.1*")
Check "behind a router: nothing" ((Get-Address far) -notlike "10.0.*")
Set-LabVM router -DhcpRelay 10.0.1.1
Invoke-Command -VMName far { ipconfig /renew } | Out-Null
Check "with a relay agent: of its own subnet's scope" ((Get-Address far) -like "10.0.2.1*")
Check "and it has a way back" (Reaches far 10.0.1.1)
