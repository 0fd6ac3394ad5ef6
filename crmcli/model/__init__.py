"""What a CRM is made of: frozen values and pure rules."""
