"""The two agents of this entry; nothing here needs anything but torch, transformers and peft."""
