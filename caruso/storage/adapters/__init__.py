"""What the engines differ in, an adapter for each; everything else in `caruso.storage` knows no engine by name."""
