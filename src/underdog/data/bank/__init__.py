"""The embedded questions: public facts, how they are worded, and questions made from them."""
