"""How the site and the NATS servers it works on are doing. Pure: ``model`` says what is known, ``findings`` what is wrong with it and what
to do, ``words`` how to say that."""
