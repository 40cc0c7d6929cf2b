"""What the core needs from outside, a subject a module. `caruso.app` plugs in the real ones, tests the fakes."""
