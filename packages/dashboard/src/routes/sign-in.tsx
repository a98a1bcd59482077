import { Alert, Button, Container, Paper, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { ExclamationTriangleIcon } from "@radix-ui/react-icons";
import { type FormEvent, type ReactNode, useState } from "react";
import { Command } from "../components/command.tsx";
import { signIn } from "../session/session.ts";

/** Asks for a token. @param problem what was wrong with the one before */
export function SignIn({ problem: before }: { problem: string | undefined }): ReactNode {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState(before);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setProblem(signIn(text));
  };
  return (
    <Container size={480} py={{ base: "lg", sm: 80 }} component="main">
      <Paper withBorder p="xl" radius="md">
        <form onSubmit={submit}>
          <Stack>
            <Title order={1} size="h3">
              Helve
            </Title>
            {problem !== undefined && (
              <Alert color="red" icon={<ExclamationTriangleIcon />} title="Not signed in" role="alert">
                {problem}
              </Alert>
            )}
            <PasswordInput
              label="API token"
              description="It stays in this tab, and is sent to this engine alone."
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
              autoComplete="off"
              spellCheck={false}
              data-autofocus
              autoFocus
            />
            <Button type="submit" disabled={text.trim() === ""}>
              Sign in
            </Button>
          </Stack>
        </form>
      </Paper>
      <Stack mt="lg" gap="xs">
        <Text size="sm" c="dimmed" ta="center">
          On the machine of the engine this prints a link that signs you in:
        </Text>
        <Command text="npx helve dashboard" />
        <Text size="sm" c="dimmed" ta="center">
          And this makes a token that may look and change nothing:
        </Text>
        <Command text="npx helve token create --scope read" />
      </Stack>
    </Container>
  );
}
