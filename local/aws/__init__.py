"""Local AWS: a pinned ministack server, with the patches that bring it closer to AWS."""
