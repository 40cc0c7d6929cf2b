"""What is done with scripts apart from running them live: explained, drawn, simulated, tested. Pure.

The `caruso script` commands and the API's ``/api/scripts`` are thin shells round these modules.
"""
