"""Personal data of customers: where they are, giving them out, making them unrecognizable, when they go."""
