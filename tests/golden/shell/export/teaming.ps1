# Lab teaming: virtual switches and virtual machines of hv1, hv2.
#
# Written by `hvlab export`. It is for Hyper-V hosts on which nothing is configured yet
# and runs on hv1, and hv1 reaches the others by PowerShell remoting; or in a lab:
#     hvlab up SCRIPT.ps1 --on TOPOLOGY.py
# The VMs are made without disks: for real hosts give each New-VM -VHDPath with a disk of Windows Server
# in place of -NoVHD. What stands in if (Get-Command ...-Lab...) is for labs alone: Windows has no such
# cmdlets.
#
# What has to be there before:
# - network office (192.168.1.0/24)
#   with the computer pc1 (192.168.1.10/24, gateway 192.168.1.1)
#   with the router office-router (192.168.1.1/24), which translates addresses
# - Hyper-V host hv1 with NIC "Ethernet 1" on network office (192.168.1.21/24, gateway 192.168.1.1); NIC "Ethernet 2" on network office
# - Hyper-V host hv2 with NIC "Ethernet 1" on network office (192.168.1.22/24, gateway 192.168.1.1); NIC "Ethernet 2" on network office

param(
    # The administrator of the hosts and of the VMs.
    [pscredential] $Credential
)

if (-not $Credential -and -not (Get-Command Get-Lab -ErrorAction SilentlyContinue)) {
    $Credential = Get-Credential
}

# --- Hyper-V host hv1
New-VMSwitch -Name External -NetAdapterName 'Ethernet 1', 'Ethernet 2' -AllowManagementOS $true `
    -EnableEmbeddedTeaming $true | Out-Null
if (Get-Command Set-LabSwitch -ErrorAction SilentlyContinue) {
    Set-LabSwitch -Name External -LearningMode Learning
}

New-VM -Name web1 -Generation 2 -NoVHD -SwitchName External | Out-Null
Set-VMNetworkAdapterTeamMapping -VMName web1 -PhysicalNetAdapterName 'Ethernet 2'

New-VM -Name web2 -Generation 2 -NoVHD -SwitchName External | Out-Null

New-VM -Name web3 -Generation 2 -NoVHD -SwitchName External | Out-Null

Start-VM -Name web1, web2, web3

# --- Hyper-V host hv2
Invoke-Command -ComputerName hv2 -Credential $Credential -ScriptBlock {
    New-VMSwitch -Name External1 -NetAdapterName 'Ethernet 1' -AllowManagementOS $true | Out-Null
    if (Get-Command Set-LabSwitch -ErrorAction SilentlyContinue) {
        Set-LabSwitch -Name External1 -LearningMode Learning
    }

    New-VMSwitch -Name External2 -NetAdapterName 'Ethernet 2' -AllowManagementOS $false | Out-Null
    if (Get-Command Set-LabSwitch -ErrorAction SilentlyContinue) {
        Set-LabSwitch -Name External2 -LearningMode Learning
    }

    New-VM -Name web4 -Generation 2 -NoVHD -SwitchName External1 | Out-Null
    Add-VMNetworkAdapter -VMName web4 -Name 'Network Adapter 2' -SwitchName External2
    Set-VMNetworkAdapter -VMName web4 -Name 'Network Adapter' -AllowTeaming On
    Set-VMNetworkAdapter -VMName web4 -Name 'Network Adapter 2' -AllowTeaming On

    Start-VM -Name web4
}

# --- Inside the virtual machines of hv1
Wait-VM -Name web1, web2, web3 -For Heartbeat

Invoke-Command -VMName web1 -Credential $Credential -ScriptBlock {
    New-NetIPAddress -InterfaceAlias Ethernet -IPAddress 192.168.1.31 -PrefixLength 24 `
        -DefaultGateway 192.168.1.1
} | Out-Null

Invoke-Command -VMName web2 -Credential $Credential -ScriptBlock {
    New-NetIPAddress -InterfaceAlias Ethernet -IPAddress 192.168.1.32 -PrefixLength 24 `
        -DefaultGateway 192.168.1.1
} | Out-Null

Invoke-Command -VMName web3 -Credential $Credential -ScriptBlock {
    New-NetIPAddress -InterfaceAlias Ethernet -IPAddress 192.168.1.33 -PrefixLength 24 `
        -DefaultGateway 192.168.1.1
} | Out-Null

# --- Inside the virtual machines of hv2
Invoke-Command -ComputerName hv2 -Credential $Credential -ScriptBlock {
    Wait-VM -Name web4 -For Heartbeat

    Invoke-Command -VMName web4 -Credential $using:Credential -ScriptBlock {
        New-NetLbfoTeam -Name Team -TeamMembers Ethernet, 'Ethernet 2' -TeamingMode SwitchIndependent -Confirm:$false
        New-NetIPAddress -InterfaceAlias Team -IPAddress 192.168.1.34 -PrefixLength 24 -DefaultGateway 192.168.1.1
    } | Out-Null
}
