"""The pages of a tournament: live while it is played, or as a site of files to publish."""
