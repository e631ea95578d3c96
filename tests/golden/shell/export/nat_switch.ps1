# Lab nat_switch: virtual switches and virtual machines of hv1.
#
# Written by `hvlab export`. It is for Hyper-V hosts on which nothing is configured yet
# and runs on hv1; or in a lab:
#     hvlab up SCRIPT.ps1 --on TOPOLOGY.py
# The VMs are made without disks: for real hosts give each New-VM -VHDPath with a disk of Windows Server
# in place of -NoVHD. What stands in if (Get-Command ...-Lab...) is for labs alone: Windows has no such
# cmdlets.
#
# What has to be there before:
# - network office (192.168.1.0/24)
#   with the computer pc1 (192.168.1.10/24, gateway 192.168.1.1)
#   with the router office-router (192.168.1.1/24), which translates addresses
# - on the internet: internet (203.0.113.80/24)
# - Hyper-V host hv1 with NIC "Ethernet" on network office (192.168.1.20/24, gateway 192.168.1.1)

param(
    # The administrator of the hosts and of the VMs.
    [pscredential] $Credential
)

if (-not $Credential -and -not (Get-Command Get-Lab -ErrorAction SilentlyContinue)) {
    $Credential = Get-Credential
}

# --- Hyper-V host hv1
New-VMSwitch -Name External -NetAdapterName Ethernet -AllowManagementOS $true | Out-Null
if (Get-Command Set-LabSwitch -ErrorAction SilentlyContinue) {
    Set-LabSwitch -Name External -LearningMode Learning
}

New-VMSwitch -Name NATSwitch -SwitchType Internal | Out-Null
if (Get-Command Set-LabSwitch -ErrorAction SilentlyContinue) {
    Set-LabSwitch -Name NATSwitch -LearningMode Learning
}

New-NetIPAddress -InterfaceAlias 'vEthernet (NATSwitch)' -IPAddress 192.168.100.1 -PrefixLength 24 | Out-Null

New-NetNat -Name NatNetwork -InternalIPInterfaceAddressPrefix 192.168.100.0/24 | Out-Null
Add-NetNatStaticMapping -NatName NatNetwork -Protocol TCP -ExternalIPAddress 0.0.0.0 -ExternalPort 8080 `
    -InternalIPAddress 192.168.100.11 -InternalPort 80 | Out-Null

New-VM -Name web1 -Generation 2 -NoVHD -SwitchName NATSwitch | Out-Null

New-VM -Name web2 -Generation 2 -NoVHD -SwitchName NATSwitch | Out-Null

Start-VM -Name web1, web2

# --- Inside the virtual machines of hv1
Wait-VM -Name web1, web2 -For Heartbeat

Invoke-Command -VMName web1 -Credential $Credential -ScriptBlock {
    New-NetIPAddress -InterfaceAlias Ethernet -IPAddress 192.168.100.11 -PrefixLength 24 `
        -DefaultGateway 192.168.100.1
} | Out-Null

Invoke-Command -VMName web2 -Credential $Credential -ScriptBlock {
    New-NetIPAddress -InterfaceAlias Ethernet -IPAddress 192.168.100.12 -PrefixLength 24 `
        -DefaultGateway 192.168.100.1
} | Out-Null
