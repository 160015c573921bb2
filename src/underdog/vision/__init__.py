"""Training detectors where the vendor's convolution library fails: this room stands alone."""
