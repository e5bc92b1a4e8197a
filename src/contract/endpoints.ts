import { Type } from 'typebox'
import { list, optional, text, texts } from './fields.ts'

const tool = (description: string) =>
  Type.Object(
    { url: optional(text('Address of the tool.')), token: optional(text('Token that opens it.')) },
    { description },
  )

/** `endpoints` of a job; only the detail call carries addresses and tokens. */
export const JobEndpoints = Type.Object(
  {
    ssh: optional(
      Type.Object(
        {
          key_pair_names: optional(
            texts('Key pairs that may log in; the only part a create request carries.'),
          ),
          task_urls: optional(
            list(
              Type.Object(
                { task: optional(text('Task id.')), url: optional(text('Address to log in to.')) },
                { description: 'Login address of one task.' },
              ),
              'Login addresses, while Running.',
            ),
          ),
        },
        { description: 'Remote login.' },
      ),
    ),
    jupyter_lab: optional(tool('JupyterLab.')),
    tensorboard: optional(tool('TensorBoard.')),
    mindstudio_insight: optional(tool('MindStudio Insight.')),
  },
  { $id: 'JobEndpoints', description: 'Ways into the running job.' },
)
