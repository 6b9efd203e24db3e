"""What holds for every possible deal: promises, rules without effect, differences."""
