# Lab pxe: virtual switches and virtual machines of hv1.
#
# Written by `hvlab export`. It is for Hyper-V hosts on which nothing is configured yet
# and runs on hv1; or in a lab:
#     hvlab up SCRIPT.ps1 --on TOPOLOGY.py
# The VMs are made without disks: for real hosts give each New-VM -VHDPath with a disk of Windows Server
# in place of -NoVHD. What stands in if (Get-Command ...-Lab...) is for labs alone: Windows has no such
# cmdlets.
#
# What has to be there before:
# - Hyper-V host hv1 without a NIC

param(
    # The administrator of the hosts and of the VMs.
    [pscredential] $Credential
)

if (-not $Credential -and -not (Get-Command Get-Lab -ErrorAction SilentlyContinue)) {
    $Credential = Get-Credential
}

# --- Hyper-V host hv1
New-VMSwitch -Name Internal -SwitchType Internal | Out-Null
if (Get-Command Set-LabSwitch -ErrorAction SilentlyContinue) {
    Set-LabSwitch -Name Internal -LearningMode Learning
}

New-NetIPAddress -InterfaceAlias 'vEthernet (Internal)' -IPAddress 10.0.1.1 -PrefixLength 24 | Out-Null

New-VM -Name dhcp1 -Generation 2 -NoVHD -SwitchName Internal | Out-Null

New-VM -Name wds1 -Generation 2 -NoVHD -SwitchName Internal | Out-Null

New-VM -Name new1 -Generation 2 -NoVHD -SwitchName Internal -BootDevice NetworkAdapter | Out-Null

New-VM -Name new2 -Generation 2 -NoVHD -SwitchName Internal -BootDevice NetworkAdapter | Out-Null

New-VM -Name old1 -Generation 1 -NoVHD -SwitchName Internal -BootDevice LegacyNetworkAdapter | Out-Null

Start-VM -Name dhcp1, wds1, new1, new2, old1

# --- Inside the virtual machines of hv1
Wait-VM -Name dhcp1, wds1 -For Heartbeat

Invoke-Command -VMName dhcp1 -Credential $Credential -ScriptBlock {
    New-NetIPAddress -InterfaceAlias Ethernet -IPAddress 10.0.1.2 -PrefixLength 24
} | Out-Null

Invoke-Command -VMName wds1 -Credential $Credential -ScriptBlock {
    New-NetIPAddress -InterfaceAlias Ethernet -IPAddress 10.0.1.3 -PrefixLength 24
} | Out-Null
if (Get-Command Set-LabAdapter -ErrorAction SilentlyContinue) {
    Set-LabAdapter -VMName new2 -IPAddress 10.0.1.12/24 -Dhcp $false
}
if (Get-Command Set-LabAdapter -ErrorAction SilentlyContinue) {
    Set-LabAdapter -VMName old1 -IPAddress 10.0.1.11/24 -Dhcp $false
}

# --- Services of the virtual machines of hv1
Invoke-Command -VMName dhcp1 -Credential $Credential -ScriptBlock {
    Install-WindowsFeature -Name DHCP -IncludeManagementTools

    Add-DhcpServerv4Scope -Name 10.0.1.0 -StartRange 10.0.1.100 -EndRange 10.0.1.199 -SubnetMask 255.255.255.0
    Set-DhcpServerv4OptionValue -ScopeId 10.0.1.0 -Router 10.0.1.1
    if (Get-Command Set-LabVM -ErrorAction SilentlyContinue) {
        Set-DhcpServerv4Scope -ScopeId 10.0.1.0 -Name ''
    }
} | Out-Null

if (Get-Command Set-LabBootServer -ErrorAction SilentlyContinue) {
    Set-LabBootServer -VMName wds1 -File @{ 'boot\x86\wdsnbp.com' = 31744; 'boot\x64\wdsmgfw.efi' = 716800 } `
        -BootProgram @{ 0 = 'boot\x86\wdsnbp.com'; 7 = 'boot\x64\wdsmgfw.efi' }
}
else {
    Invoke-Command -VMName wds1 -Credential $Credential -ScriptBlock {
        Install-WindowsFeature -Name WDS -IncludeManagementTools
        wdsutil /Initialize-Server /RemInst:C:\RemoteInstall
        wdsutil /Set-Server /BootProgram:boot\x86\wdsnbp.com /Architecture:x86
        wdsutil /Set-Server /BootProgram:boot\x64\wdsmgfw.efi /Architecture:x64uefi
    } | Out-Null
}
