"""Business objects: classes of things the company has data of, as its models describe them. Knows no database.

`load` reads models, `model` is what they say, `rights` who may see and change what, `changes` what may be
written. `caruso.storage.objects` finds and writes the objects.
"""
