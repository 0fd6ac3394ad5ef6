"""What crm check looks at, and what it can fix."""
