"""The API's own description (OpenAPI 3.1), made of what its handlers say of themselves and of the types of its bodies and answers."""
