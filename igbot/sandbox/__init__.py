"""A stand-in for Meta's Graph API: a real HTTP server with Meta's rules, its errors, and faults on request."""
