"""Forward propagation of derivatives through the operations of a field."""
