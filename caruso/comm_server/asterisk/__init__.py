"""The only code that knows ARI, AMI and PJSIP. Implements the `Telephony` port."""
