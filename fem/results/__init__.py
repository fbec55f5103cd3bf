"""What a run gives back: fields, profiles, histories, and the words that go with them."""
