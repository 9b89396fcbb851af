"""What anybody can see: colours measured, shapes told apart, nothing that must move."""
