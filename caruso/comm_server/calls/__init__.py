"""The life of a voice contact: pure life-cycle and recovery, and the shell with one mailbox per call."""
