"""A lab as a PowerShell script for real Hyper-V hosts: from a model to text, and back only to see what is lost."""
